# 课程列表
home-title = 课程
home-lead = 先读一点，再到真实的机器上亲手试一试。开始实验时为你搭好环境，做完即收。
home-empty = 还没有课程
home-empty-why = 课程就是一个装着文本文件的文件夹，放进实验目录后便会出现在这里。
lessons-n = { $n } 篇课文
labs-n = { $n } 个实验

# 课程
course = 课程
teacher = 主讲教师
modules = 模块
lessons = 课文
labs = 实验
item-lesson = 课文
item-lab = 实验
item-open = 未开始
item-started = 进行中
item-done = 已完成
progress-items = 已完成
course-begin = 开始学习
course-continue = 继续学习
course-next = 接下来
course-all-done = 这门课的全部内容你都完成了。
course-visitor = 课文人人可读。要做实验并保存进度，请先
course-about = 课程介绍
course-audience = 适合谁学
course-learn = 你将学会
course-introduction = 课程简介
course-outline = 课程大纲
course-others = 其他课程
course-others-of = { $teacher }的其他课程
course-others-empty = 这里目前只有这一门课程。
course-help = 寻求帮助
course-contact = 联系我们
show-more = 展开全文
show-less = 收起

# 课文
contents = 本课目录
lesson-finished = 读完了吗？
lesson-mark = 标记为已读
lesson-marked = 这一课你已读完。
lesson-unmark = 改为未读
lesson-visitor = 登录后可以记录读到了哪里。

# 实验开始之前
lab-steps = 步骤
machines = 机器
lab-your-run = 你的沙盒
lab-best = 最高得分
lab-internet = 这些机器可以访问互联网。
lab-isolated = 这些机器只能互相访问，不能访问互联网。
start = 开始实验
start-ready = 现在就为你准备机器。一切就绪之后，{ $n } 分钟才开始计时。
start-sign-in = 做实验需要一个账号，这样你的作业和得分才归你所有。
start-running = 你的沙盒还开着，一切都停在你离开时的样子。
start-until = 结束时间：
start-resume = 回到实验
start-extensions = 时间不够？可以延长 { $times } 次，每次 { $minutes } 分钟。
start-image-building = 镜像还在构建
start-image-building-remedy = 你现在就可以开始：沙盒会排队等待，镜像就绪后自动打开，等待的时间不计入实验时长。
start-image-failed = 有镜像构建失败
start-image-failed-remedy = 需要管理员先修复，构建输出的最后一行见下方。请稍后再来看看，或者先做别的实验。
start-engine-missing = 暂时无法开始实验
start-engine-lessons = 课文照常可读。
start-limit = 同一时间最多只能打开 { $n } 个沙盒
start-limit-remedy = 请先完成下面的一个，再回来：

# 实验页中由服务器渲染的部分
lab-needs-script = 终端、编辑器和检查都需要 JavaScript，请为本页启用。不启用也可以阅读说明。
lab-areas = 实验页的区域
lab-guide = 说明
lab-work = 工作区
lab-divider = 说明区的宽度
step-of = 第 { $n } 步，共 { $total } 步
hint-n = 提示 { $n }

# 账号
sign-in-title = 欢迎回来
sign-in = 登录
sign-in-other = 第一次来？
register-title = 注册账号
register-lead = 只要一个名字和一个密码，不需要邮箱。
register = 注册
register-other = 已经有账号了？
setup-title = 初始化服务器
setup-lead = 此链接只能使用一次，用来创建第一位管理员；之后由管理员任命他人。
setup = 创建管理员
setup-used-title = 此链接已失效
setup-used-why = 初始化链接只能使用一次，而且只在第一位管理员产生之前有效。
setup-used-remedy = 如果你就是管理员，请直接登录。如果还没有管理员，请重启服务器，控制台会打印新的链接。
username = 用户名
username-help = 3 到 32 个文字、字母或数字，也可以用 . _ -
password = 密码
password-new = 新密码
password-help = 至少 10 个字符。几个词连在一起，好记又难猜。
password-repeat = 再输入一次密码
password-current = 当前密码

# 我的
me-since = 注册于
me-courses = 课程
me-courses-empty = 你还没有开始任何课程。
me-labs = 实验
me-labs-empty = 你还没有开始任何实验。课程大纲里标有“实验”的就是。
me-submissions = 最近的提交
me-password = 修改密码
me-password-note = 修改后，其他设备上的登录都会失效。
me-password-change = 修改密码

# 管理
admin-engine = 容器引擎：
admin-images = 镜像
admin-images-empty = 还没有实验需要镜像。
admin-sandboxes = 沙盒
admin-sandboxes-empty = 目前没有打开的沙盒。
admin-submissions = 提交
admin-submissions-empty = 还没有任何提交。
admin-submission-id = 提交编号
admin-users = 人员
admin-labs-empty = 实验目录里还没有实验。
admin-published = 已发布
admin-unpublished = 未发布
admin-since = 起始时间
admin-until = 结束时间
admin-actions = 操作
admin-end = 结束
admin-end-confirm = 要结束 { $name } 的沙盒吗？其中尚未提交的内容会丢失。
admin-role = 角色
trust-outside = 从外部观察
trust-inside = 在机器内观察
trust-artifact = 取出成果，在别处检验

# 实验所需的资源
needs = 实测资源
needs-labs = 实验所需资源
needs-staff = 仅教师和管理员可见。
needs-rest = 空闲内存
needs-peak = 峰值内存
needs-promised = 内存上限
needs-start = 启动用时
needs-images = 镜像大小
needs-share = 峰值内存占上限的比例
needs-seconds = { $s } 秒
needs-host = { $engine }，{ $n } 核，{ $memory } 内存
needs-when = 测量时间
needs-older = 此后有改动
needs-none = 还没有测量过。
needs-command = 在服务器上运行即可测量：
needs-how = 空闲内存在沙盒就绪并平稳之后测得，峰值内存在逐步运行参考答案期间测得，都不含可随时回收的页缓存。多个镜像共用的层只计一次；引擎不提供层的信息时，给出的是各镜像之和，以“≤”标出。

# 错误
error-why = 原因
error-next = 你可以
error-home = 回到课程
error-request = 求助时请附上这个编号：

# 预览无法显示时
preview-looks-again = 本页每三秒自动再看一次。
preview-unknown = 没有这个预览
preview-unknown-next = 地址不完整。请从实验页面打开预览。
preview-closed = 这个预览没有打开
preview-closed-next = 请从实验页面打开：点它的标签页，或点“在新标签页中打开”。退出登录后，或半小时没有使用，预览会自动关闭。
preview-refused = 这个请求没有转发
preview-refused-why = 预览只回应它自己的页面。其他网站、其他预览的页面和 service worker 都不能使用它。
preview-ended = 这个沙盒已经结束
preview-ended-next = 里面运行的东西都不在了。回到实验页面可以重新开始，得分会保留。
preview-not-ready = 沙盒还没有就绪
preview-not-ready-next = 机器正在启动或重建，进度见实验页面。
preview-silent = { $machine } 的 { $port } 端口上还没有服务
preview-silent-next = 请在终端里启动服务，让它保持运行，并监听 { $port } 端口。
preview-away = 机器没有应答
preview-away-next = 它可能正忙。如果一直这样，请在实验页面重置沙盒。
preview-no-answer = 没有收到有效的应答
preview-no-answer-next = 这个端口接受连接，却没有返回 HTTP。要么后面还没有人接待（例如 Kubernetes 的节点端口，还没有就绪的 Pod），要么程序说的不是 HTTP 或者中途断开了，请看看它的输出。
preview-slow = 没有及时收到应答
preview-slow-next = 服务收下了请求，但两分钟都没有回话。请看看它在终端里的输出。
preview-too-many = 同时进行的请求太多
preview-too-many-next = 请关掉一些预览，再重新加载本页。
preview-too-large = 请求太大
preview-too-large-next = 预览一次最多转发 1 GiB。请减小内容再发送。
preview-internal = 我们这边出了问题
preview-internal-next = 请稍后重新加载。如果反复出现，请告诉管理员。
