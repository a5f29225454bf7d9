# 多个页面共用的词语
skip = 跳到正文
nav-main = 主导航
nav-courses = 课程
nav-me = 我的进度
nav-admin = 管理
nav-sign-in = 登录
nav-register = 注册账号
nav-sign-out = 退出登录
language-switch = Switch to English
language-other = English
theme = 外观
theme-auto = 外观：跟随系统
theme-light = 外观：浅色
theme-dark = 外观：深色
footer-line = 动手做，才算学会
to-top = 返回顶部
shortcuts = 快捷入口
on-this-page = 本页内容
crumbs = 当前位置
neighbours = 上一项与下一项
previous = 上一项
next = 下一项
progress = 学习进度
points = 得分
points-total = 满分
points-unit = 分
points-n = { $n } 分
minutes-n = { $n } 分钟
level = 难度
duration = 时长
state = 状态
time = 时间
step = 步骤
save = 保存
try-again = 重新查看
learner = 学员
sandbox = 沙盒
last-activity = 最近活动

level-beginner = 入门
level-intermediate = 进阶
level-advanced = 高级

profile-plain = 普通用户
profile-root = 你就是 root
profile-docker = 自带 Docker 引擎
profile-kubernetes = 集群的节点

role-student = 学员
role-instructor = 教师
role-admin = 管理员

sandbox-requested = 已申请
sandbox-queued = 排队中
sandbox-creating = 创建中
sandbox-preparing = 准备中
sandbox-ready = 已就绪
sandbox-paused = 已暂停
sandbox-ended = 已结束

end-finished = 学员已完成
end-expired = 时间已到
end-failed = 未能准备好
end-lost = 机器意外消失
end-stopped = 被管理员结束

outcome-passed = 通过
outcome-failed = 尚未通过
outcome-unstable = 结果不稳定
outcome-ungradable = 无法检查
outcome-grader-error = 系统出错

submission-queued = 等待检查
submission-grading = 检查中
submission-graded = 已检查
submission-ungradable = 无法检查
submission-grader-error = 系统出错

image-queued = 等待构建
image-building = 构建中
image-ready = 已就绪
image-failed = 构建失败
image-progress = 构建进度
