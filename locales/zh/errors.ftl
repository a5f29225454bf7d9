# 出错时的说明：标题（不加句号）、原因、接下来怎么做。

# 请求
error-not-found = 没有这个页面
error-not-found-why = 地址可能写错了，或者原来的内容已经不在了。
error-not-found-remedy = 请回到课程列表，从那里重新进入。
error-method-not-allowed = 这个地址不能这样访问
error-method-not-allowed-why = 页面存在，但不接受这种请求。
error-method-not-allowed-remedy = 请返回上一页，刷新后再试。
error-sign-in-required = 你还没有登录
error-sign-in-required-why = 你可能已经退出，登录已过期，或者还没有在这里登录过。
error-sign-in-required-remedy = 请先登录，然后再试一次。
error-forbidden = 你没有权限这样做
error-forbidden-why = 你的角色没有这项权限，或者这项操作不能用在自己的账号上。
error-forbidden-remedy = 如果你认为应该有权限，请联系管理员。
error-forgery-token = 页面已过期，没有提交成功
error-forgery-token-why = 打开页面之后你登录或退出过，或者浏览器没有保存 Cookie，因此无法确认请求确实出自你本人。
error-forgery-token-remedy = 请返回并刷新页面，然后重新提交。
error-foreign-origin = 请求来自其他网站
error-foreign-origin-why = 只有本服务器自己的页面才能在这里进行修改。
error-foreign-origin-remedy = 请在本服务器的页面上操作。如果你正是这样做的，请管理员检查 public_url 设置。
error-malformed = 无法识别这个请求
error-malformed-why = 请求中缺少内容、含有未知内容，或者格式不对。
error-malformed-remedy = 请返回并刷新页面，然后再试一次。
error-too-large = 一次发送的内容太多了
error-too-large-why = 发送的内容超过了服务器允许的大小。
error-too-large-remedy = 请减少内容，或者分成几次发送。
error-unsupported-type = 不支持这种类型的请求
error-unsupported-type-why = 服务器只接受表单和 JSON。
error-unsupported-type-remedy = 请返回并刷新页面，然后再试一次。
error-too-many-streams = 打开的实验标签页太多了
error-too-many-streams-why = 每个打开的实验页面都占用一条连接，而一个浏览器能用的连接有限。
error-too-many-streams-remedy = 请关闭一些标签页，再刷新这一页。
error-timeout = 等待的时间太长了
error-timeout-why = 服务器非常繁忙，或者它依赖的某个部分没有响应。
error-timeout-remedy = 请等一分钟再试。
error-internal = 我们这边出错了
error-internal-why = 服务器自身遇到了问题，已按本次请求的编号记录下来。
error-internal-remedy = 请再试一次。如果仍然出错，请把编号告诉管理员。

# 账号
refusal-invalid-username = 这个用户名不能用
refusal-invalid-username-why = 用户名会出现在名单里，必须容易辨认。
refusal-invalid-username-remedy = 请用 3 到 32 个文字、字母或数字，也可以用 . _ - 三种符号。
refusal-username-taken = 这个用户名已经有人用了
refusal-username-taken-why = 每个用户名只能有一个，不区分大小写。
refusal-username-taken-remedy = 请换一个；如果就是你的，请直接登录。
refusal-password-too-short = 密码太短
refusal-password-too-short-why = 太短的密码很快就会被猜中。
refusal-password-too-short-remedy = 请至少用 { $min } 个字符，把几个词连在一起也可以。
refusal-password-too-long = 密码太长
refusal-password-too-long-why = 超过一定长度，并不会更安全。
refusal-password-too-long-remedy = 请不要超过 { $max } 个字节。
refusal-wrong-credentials = 用户名或密码不对
refusal-wrong-credentials-why = 没有账号与这组用户名和密码相符。
refusal-wrong-credentials-remedy = 请检查后再试。如果忘了密码，请让管理员为你重设。
refusal-too-many-tries = 尝试的次数太多了
refusal-too-many-tries-why = 为了防止有人猜密码，每分钟的尝试次数有限。
refusal-too-many-tries-remedy = 请等一分钟再试。
refusal-link-used = 这个链接已经失效
refusal-link-used-why = 它只能用一次，而且生成新链接后旧的就作废了。
refusal-link-used-remedy = 重启服务器可以得到新链接；如果已经有管理员，请直接登录。
refusal-last-admin = 这是最后一位管理员
refusal-last-admin-why = 没有管理员，就没有人能管理这台服务器了。
refusal-last-admin-remedy = 请先任命另一位管理员。
refusal-unknown-role = 没有这个角色
refusal-unknown-role-why = 角色只有学员、教师和管理员三种。
refusal-unknown-role-remedy = 请从中选择一个。

# 实验与沙盒
refusal-lab-withdrawn = 这个实验目前不开放
refusal-lab-withdrawn-why = 作者已将它撤下，或者它的文件暂时有错误。
refusal-lab-withdrawn-remedy = 请选择其他实验，或者询问老师。你已得到的分数会保留。
refusal-too-many-sandboxes = 你打开的沙盒已达上限
refusal-too-many-sandboxes-why = 每个沙盒都占用内存，其他人也需要用。
refusal-too-many-sandboxes-remedy = 请先结束另一个实验，再开始这一个。
refusal-sandbox-not-ready = 机器还没有就绪
refusal-sandbox-not-ready-why = 机器正在准备，或者正在重置。
refusal-sandbox-not-ready-remedy = 请等页面提示就绪后再试。
refusal-sandbox-ended = 你的沙盒已经结束
refusal-sandbox-ended-why = 时间已到，或者实验已经完成。
refusal-sandbox-ended-remedy = 可以重新开始这个实验。你已得到的分数会保留。
refusal-no-extension-left = 不能再延长时间了
refusal-no-extension-left-why = 这个实验的延长次数已经用完。
refusal-no-extension-left-remedy = 请先提交已完成的部分，之后还可以重新开始这个实验。
refusal-no-hint-left = 没有更多提示了
refusal-no-hint-left-why = 这一步的提示都已打开。
refusal-no-hint-left-remedy = 请再读一遍提示和说明，或者寻求帮助。
refusal-grading-under-way = 这一步正在检查中
refusal-grading-under-way-why = 同一步骤每次只检查一份提交。
refusal-grading-under-way-remedy = 请等结果出来之后再提交。
refusal-invalid-key = 无法识别这次提交
refusal-invalid-key-why = 由页面生成的提交编号格式不对。
refusal-invalid-key-remedy = 请刷新页面，然后重新提交。
refusal-engine-down = 暂时无法运行实验
refusal-engine-down-why = 负责运行机器的容器引擎没有响应。
refusal-engine-down-remedy = 请过几分钟再试，课文仍可照常阅读。管理员请检查 Docker 是否在运行（slipway doctor 会给出详情）。
refusal-machine-unreachable = 机器没有响应
refusal-machine-unreachable-why = 它可能太忙、内存不足，或者维持它运行的程序被停掉了。
refusal-machine-unreachable-remedy = 请稍等片刻再试。如果一直这样，请重置沙盒。
refusal-no-such-machine = 没有这台可用的机器
refusal-no-such-machine-why = 这个实验里没有以此命名且对你开放的机器。
refusal-no-such-machine-remedy = 请刷新页面，从显示的机器中选择。

# 文件与终端
refusal-invalid-path = 这个路径不能用
refusal-invalid-path-why = 路径只能在你的主目录之内，也不能含有特殊字符。
refusal-invalid-path-remedy = 请换一个名字。
refusal-file-not-found = 找不到这个文件
refusal-file-not-found-why = 它可能已被改名或删除，也许是在终端里做的。
refusal-file-not-found-remedy = 请刷新文件列表。
refusal-file-conflict = 文件已经被改动
refusal-file-conflict-why = 你打开它之后，终端或另一个标签页又写过它；也可能是新名字已被占用。
refusal-file-conflict-remedy = 请重新打开文件再修改，或者换一个名字。
refusal-file-too-large = 文件太大，编辑器打不开
refusal-file-too-large-why = 编辑器只处理 { $mib } MiB 以内的文件。
refusal-file-too-large-remedy = 请在终端里处理它。
refusal-file-refused = 机器不允许对这个文件这样做
refusal-file-refused-why = 它可能不是普通文件，或者你在机器里的账号无权操作它。
refusal-file-refused-remedy = 请在终端里用 ls -l 查看它的权限。
refusal-machine-disk-full = 机器的磁盘满了
refusal-machine-disk-full-why = 你的文件已用完这个实验提供的空间。
refusal-machine-disk-full-remedy = 请删除不需要的文件，然后再保存。
refusal-server-disk-full = 服务器暂时无法保存
refusal-server-disk-full-why = 服务器的磁盘已满。
refusal-server-disk-full-remedy = 请告诉管理员。之前保存的内容不会丢失，等有了空间再试。
refusal-too-many-terminals = 打开的终端太多了
refusal-too-many-terminals-why = 每台机器最多可以为你打开 { $terminals } 个终端。
refusal-too-many-terminals-remedy = 请先关闭不用的终端，再打开新的。

error-previews-elsewhere = 你的浏览器访问不到预览
error-previews-elsewhere-why = 服务器把预览放在以 .localhost 结尾的域名下，这种域名永远指向你面前的这台电脑，而你是用别的域名访问服务器的。
error-previews-elsewhere-remedy = 请告诉管理员：设置项 preview_host 要填一个指向这台服务器的域名。在此之前，可以在终端里用 curl 查看。

refusal-no-such-port = 这个端口不能预览
refusal-no-such-port-why = 它所在的机器没有向你开放终端，实验也没有列出这个端口。
refusal-no-such-port-remedy = 请从页面列出的端口中选择。

# 沙盒状态之外，学员还应知道的事
message-waits-for-engine = 容器引擎暂时没有响应，恢复后会立即为你创建沙盒。
message-waits-for-images = 正在构建机器的镜像。一切就绪之后才开始计时。
message-waits-for-room = 名额已满。有人结束后，你就会往前移。
message-failed = 机器没能准备好。请再试一次；如果还是不行，请告诉老师。
message-lost = 机器意外消失了，可能是服务器重启过，或者内存用尽。你的得分会保留，请重新开始。
message-stopped = 管理员结束了这个沙盒。你的得分会保留。

# 表单
form-repeat-differs = 两次输入的密码不一样，请重新输入。
form-current-wrong = 当前密码不对，请检查后再试。
me-password-changed = 密码已修改，其他设备上的登录都已失效。
