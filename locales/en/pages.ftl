# Course list
home-title = Courses
home-lead = Read a little, then try it on real machines of your own. They are built for you when you start a lab, and gone when you are done.
home-empty = No course yet
home-empty-why = Courses are folders of text files. Put one into the folder of labs, and it appears here.
lessons-n = { $n ->
    [one] 1 lesson
   *[other] { $n } lessons
}
labs-n = { $n ->
    [one] 1 lab
   *[other] { $n } labs
}

# Course
course = Course
teacher = Taught by
modules = Modules
lessons = Lessons
labs = Labs
item-lesson = Lesson
item-lab = Lab
item-open = not started
item-started = started
item-done = done
progress-items = Completed
course-begin = Start learning
course-continue = Continue
course-next = Next up
course-all-done = You have completed everything in this course.
course-visitor = Everyone may read. To work in the labs and keep your progress,
course-about = About this course
course-audience = Who it is for
course-learn = What you will learn
course-introduction = Introduction
course-outline = Outline
course-others = More courses
course-others-of = More courses by { $teacher }
course-others-empty = This is the only course here so far.
course-help = Get help
course-contact = Contact
show-more = Show more
show-less = Show less

# Lesson
contents = In this lesson
lesson-finished = Finished reading?
lesson-mark = Mark as read
lesson-marked = You have read this lesson.
lesson-unmark = Mark as unread
lesson-visitor = Sign in to keep track of what you have read.

# Lab before the start
lab-steps = Steps
machines = Machines
lab-your-run = Your sandbox
lab-best = Best score
lab-internet = These machines can reach the internet.
lab-isolated = These machines see only each other; the internet is out of reach.
start = Start the lab
start-ready = Your machines will be built now. The { $n } minutes only start counting once everything is ready.
start-sign-in = Starting a lab takes an account, so that your work and your score stay yours.
start-running = Your sandbox is open, and your work is where you left it.
start-until = Open until
start-resume = Back to the lab
start-extensions = Need longer? You can extend { $times } times, by { $minutes } minutes each.
start-image-building = The images are still being built
start-image-building-remedy = You can start right away. The sandbox then waits and opens by itself when they are ready, and the waiting does not cost you any time.
start-image-failed = An image could not be built
start-image-failed-remedy = An administrator has to repair it first; the last line of the build is below. Look again in a while, or do another lab meanwhile.
start-engine-missing = Labs can't start at the moment
start-engine-lessons = Lessons work as always.
start-limit = { $n ->
    [one] You can have 1 sandbox open at a time
   *[other] You can have { $n } sandboxes open at a time
}
start-limit-remedy = Finish one of these first, then come back:

# Lab page, the parts that the server renders
lab-needs-script = Terminal, editor and checks need JavaScript. Please switch it on for this page; the instructions can be read without it.
lab-areas = Areas of the lab
lab-guide = Instructions
lab-work = Workspace
lab-divider = Width of the instructions
step-of = Step { $n } of { $total }
hint-n = Hint { $n }

# Accounts
sign-in-title = Welcome back
sign-in = Sign in
sign-in-other = New here?
register-title = Create an account
register-lead = All it takes is a name and a password. No email address.
register = Create the account
register-other = Already have an account?
setup-title = Set up this server
setup-lead = This link works once. It makes the first administrator, who can then appoint others.
setup = Create the administrator
setup-used-title = This link no longer works
setup-used-why = A set-up link can be used once, and only until the first administrator exists.
setup-used-remedy = If you are that administrator, sign in. If nobody is, restart the server: it prints a new link on its console.
username = Name
username-help = 3 to 32 letters or digits, also . _ and -
password = Password
password-new = New password
password-help = At least 10 characters. A few words in a row are easy to remember and hard to guess.
password-repeat = Repeat the password
password-current = Current password

# Me
me-since = here since
me-courses = Courses
me-courses-empty = You have not started a course yet.
me-labs = Labs
me-labs-empty = You have not started a lab yet. Labs are marked in the outline of a course.
me-submissions = Latest submissions
me-password = Change the password
me-password-note = Changing it signs you out on all other devices.
me-password-change = Change the password

# Administration
admin-engine = Container engine:
admin-images = Images
admin-images-empty = No lab needs an image yet.
admin-sandboxes = Sandboxes
admin-sandboxes-empty = Nobody has a sandbox open.
admin-submissions = Submissions
admin-submissions-empty = Nothing has been submitted yet.
admin-submission-id = Submission
admin-users = People
admin-labs-empty = There is no lab in the folder of labs.
admin-published = Published
admin-unpublished = Not published
admin-since = Since
admin-until = Ends
admin-actions = Actions
admin-end = End
admin-end-confirm = End the sandbox of { $name }? What is in it and not submitted will be lost.
admin-role = Role
trust-outside = observed from outside
trust-inside = observed inside the machine
trust-artifact = the work itself, tried elsewhere

# What labs need
needs = Measured
needs-labs = What labs need
needs-staff = Only instructors and administrators see this.
needs-rest = Memory at rest
needs-peak = At its peak
needs-promised = Promised
needs-start = Time to start
needs-images = Images on disk
needs-share = Peak, as a part of the memory promised
needs-seconds = { $s } s
needs-host = { $engine }, { $n ->
    [one] 1 core
   *[other] { $n } cores
}, { $memory } of memory
needs-when = Measured
needs-older = changed since
needs-none = Not measured yet.
needs-command = To measure, run on the server:
needs-how = Memory at rest is what the machines use once the sandbox is ready and has calmed down; the peak is seen while the reference solutions run, step by step. Page cache that can be freed at any time is left out of both. Layers that images share count once; where the engine does not tell, the sizes are added up and marked with “≤”.

# Errors
error-why = Why
error-next = What you can do
error-home = To the courses
error-request = When you ask for help, quote this:

# In place of a preview that can't be shown
preview-looks-again = This page looks again every three seconds.
preview-unknown = There is no such preview
preview-unknown-next = The address is not complete. Open the preview from the lab page.
preview-closed = This preview is not open
preview-closed-next = Open it from the lab page: with its tab there, or with “Open in a new tab”. It closes when you sign out or have not used it for half an hour.
preview-refused = This request is not passed on
preview-refused-why = A preview answers its own pages. Other sites, pages of another preview and service workers can't use it.
preview-ended = This sandbox has ended
preview-ended-next = What ran in it is gone. Go back to the lab page to start it again; your points are kept.
preview-not-ready = The sandbox is not ready
preview-not-ready-next = Its machines are being started or made anew. The lab page shows how far they are.
preview-silent = Nothing listens on port { $port } of { $machine } yet
preview-silent-next = Start the service in a terminal. It has to stay running and listen on port { $port }.
preview-away = The machine does not answer
preview-away-next = It may be very busy just now. If this lasts, reset the sandbox on the lab page.
preview-no-answer = There was no valid answer
preview-no-answer-next = The port accepts connections, but no HTTP came back. Either nobody serves behind it yet (a node port of Kubernetes without a pod that is ready), or a program speaks something else or broke off; then look at what it prints.
preview-slow = There was no answer in time
preview-slow-next = The service accepted the request and then said nothing for two minutes. Look at what it prints in its terminal.
preview-too-many = Too many requests at once
preview-too-many-next = Close some of your previews, then load this page again.
preview-too-large = The request is too large
preview-too-large-next = A preview passes on up to 1 GiB at once. Send less.
preview-internal = Something went wrong on our side
preview-internal-next = Load the page again in a moment. If it happens again, tell an administrator.
