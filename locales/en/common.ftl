# Words that many pages share.
skip = Skip to the content
nav-main = Main
nav-courses = Courses
nav-me = My progress
nav-admin = Administration
nav-sign-in = Sign in
nav-register = Create an account
nav-sign-out = Sign out
language-switch = 切换到中文
language-other = 中文
theme = Appearance
theme-auto = Appearance: like the system
theme-light = Appearance: light
theme-dark = Appearance: dark
footer-line = courses you work through with your own hands
to-top = Back to top
shortcuts = Shortcuts
on-this-page = On this page
crumbs = Where you are
neighbours = Before and after
previous = Previous
next = Next
progress = Your progress
points = Points
points-total = Points
points-unit = points
points-n = { $n ->
    [one] 1 point
   *[other] { $n } points
}
minutes-n = { $n } min
level = Level
duration = Time
state = State
time = When
step = Step
save = Save
try-again = Look again
learner = Learner
sandbox = Sandbox
last-activity = Last activity

level-beginner = Beginner
level-intermediate = Intermediate
level-advanced = Advanced

profile-plain = ordinary user
profile-root = you are root
profile-docker = with its own Docker engine
profile-kubernetes = the cluster's nodes

role-student = Student
role-instructor = Instructor
role-admin = Administrator

sandbox-requested = Requested
sandbox-queued = Waiting
sandbox-creating = Being created
sandbox-preparing = Being set up
sandbox-ready = Ready
sandbox-paused = Paused
sandbox-ended = Ended

end-finished = finished by the learner
end-expired = time was up
end-failed = could not be set up
end-lost = machines disappeared
end-stopped = ended by an administrator

outcome-passed = Passed
outcome-failed = Not yet
outcome-unstable = Unstable
outcome-ungradable = Could not be looked at
outcome-grader-error = Error on our side

submission-queued = Waiting
submission-grading = Being checked
submission-graded = Checked
submission-ungradable = Could not be checked
submission-grader-error = Error on our side

image-queued = Waiting
image-building = Building
image-ready = Ready
image-failed = Failed
image-progress = Progress of the build
