# What went wrong: a heading without a full stop, why, and what to do next.

# Requests
error-not-found = There is no such page
error-not-found-why = The address is misspelt, or what was here has gone.
error-not-found-remedy = Go back to the courses and find it from there.
error-method-not-allowed = This address can't be used like that
error-method-not-allowed-why = The page exists, but not for this kind of request.
error-method-not-allowed-remedy = Go back, reload the page and try again from there.
error-sign-in-required = You are not signed in
error-sign-in-required-why = You signed out, your session ended, or you never signed in here.
error-sign-in-required-remedy = Sign in and try again.
error-forbidden = You are not allowed to do this
error-forbidden-why = Your role does not include it, or it may not be done to your own account.
error-forbidden-remedy = Ask an administrator if you think you should be able to.
error-forgery-token = This page was too old to be sent
error-forgery-token-why = You signed in or out since it was opened, or the browser keeps no cookies, so we could not be sure that the request came from you.
error-forgery-token-remedy = Go back, reload the page and send it again.
error-foreign-origin = The request came from another site
error-foreign-origin-why = Only pages of this server may change anything here.
error-foreign-origin-remedy = Open this server's own page and do it there. If that is what you did, ask the administrator to check the setting public_url.
error-malformed = The request could not be understood
error-malformed-why = Something in it is missing, unknown or in the wrong form.
error-malformed-remedy = Go back, reload the page and try again.
error-too-large = That is too much at once
error-too-large-why = What was sent is larger than this server accepts.
error-too-large-remedy = Send less, or split it into parts.
error-unsupported-type = The request is of an unknown type
error-unsupported-type-why = The server reads forms and JSON only.
error-unsupported-type-remedy = Go back, reload the page and try again.
error-too-many-streams = This lab is open in too many tabs
error-too-many-streams-why = Each open lab page keeps a connection, and a browser may have only so many.
error-too-many-streams-remedy = Close some of the tabs and reload this one.
error-timeout = That took too long
error-timeout-why = The server is very busy, or something it needs does not answer.
error-timeout-remedy = Wait a minute and try again.
error-internal = Something went wrong on our side
error-internal-why = The server met a mistake of its own. It has been written down under the number of this request.
error-internal-remedy = Try again. If it keeps happening, give the number to an administrator.

# Accounts
refusal-invalid-username = This can't be a user name
refusal-invalid-username-why = A user name identifies you in lists and must be easy to tell apart.
refusal-invalid-username-remedy = Choose 3 to 32 letters, digits, dots, hyphens or underscores.
refusal-username-taken = Somebody has this user name already
refusal-username-taken-why = Every name exists only once; upper and lower case make no difference.
refusal-username-taken-remedy = Choose another one, or sign in if it is yours.
refusal-password-too-short = The password is too short
refusal-password-too-short-why = Short passwords are quickly guessed.
refusal-password-too-short-remedy = Use at least { $min } characters; a few words in a row are fine.
refusal-password-too-long = The password is too long
refusal-password-too-long-why = Beyond a point length makes nothing safer.
refusal-password-too-long-remedy = Use at most { $max } bytes.
refusal-wrong-credentials = The user name or the password is wrong
refusal-wrong-credentials-why = No account fits the two together.
refusal-wrong-credentials-remedy = Check both and try again. If you forgot the password, ask an administrator for a new one.
refusal-too-many-tries = Too many tries
refusal-too-many-tries-why = So that nobody can guess passwords, only so many tries a minute are allowed.
refusal-too-many-tries-remedy = Wait a minute and try again.
refusal-link-used = This link no longer works
refusal-link-used-why = It works once, and only until a newer one was made.
refusal-link-used-remedy = Restart the server for a new link, or sign in if there is an administrator.
refusal-last-admin = This is the last administrator
refusal-last-admin-why = Without one nobody could manage the server.
refusal-last-admin-remedy = Make somebody else an administrator first.
refusal-unknown-role = There is no such role
refusal-unknown-role-why = People are students, instructors or administrators.
refusal-unknown-role-remedy = Choose one of the three.

# Labs and sandboxes
refusal-lab-withdrawn = This lab is not offered any more
refusal-lab-withdrawn-why = Its author took it back, or its files have a mistake at the moment.
refusal-lab-withdrawn-remedy = Choose another lab, or ask your teacher. The points you earned are kept.
refusal-too-many-sandboxes = You have as many sandboxes open as you may
refusal-too-many-sandboxes-why = Each takes memory that others need as well.
refusal-too-many-sandboxes-remedy = Finish one of your other labs, then start this one.
refusal-sandbox-not-ready = The machines are not ready
refusal-sandbox-not-ready-why = They are still being set up, or are being made anew.
refusal-sandbox-not-ready-remedy = Wait until the page says that they are ready, then try again.
refusal-sandbox-ended = Your sandbox has ended
refusal-sandbox-ended-why = Its time is up, or it was finished.
refusal-sandbox-ended-remedy = Start the lab again. The points you earned are kept.
refusal-no-extension-left = The time can't be extended again
refusal-no-extension-left-why = You have used every extension of this lab.
refusal-no-extension-left-remedy = Hand in what you have. You can start the lab again afterwards.
refusal-no-hint-left = There are no more hints
refusal-no-hint-left-why = You have opened every hint of this step.
refusal-no-hint-left-remedy = Read the hints and the instructions again, or ask for help.
refusal-grading-under-way = This step is being checked already
refusal-grading-under-way-why = A step is checked once at a time.
refusal-grading-under-way-remedy = Wait for the result, then hand it in again.
refusal-invalid-key = The submission could not be identified
refusal-invalid-key-why = Its key, which the page makes, is not in the expected form.
refusal-invalid-key-remedy = Reload the page and hand it in again.
refusal-engine-down = Labs can't run at the moment
refusal-engine-down-why = The container engine, which runs the machines, does not answer.
refusal-engine-down-remedy = Try again in a few minutes; lessons can be read meanwhile. Administrators: check that Docker is running (slipway doctor tells more).
refusal-machine-unreachable = The machine does not answer
refusal-machine-unreachable-why = It may be busy or short of memory, or what keeps it running was stopped.
refusal-machine-unreachable-remedy = Try again in a moment. If it stays like this, reset the sandbox.
refusal-no-such-machine = There is no such machine to work on
refusal-no-such-machine-why = This lab has no machine of this name that is open to you.
refusal-no-such-machine-remedy = Reload the page and choose one of the machines it shows.

# Files and terminals
refusal-invalid-path = This path can't be used
refusal-invalid-path-why = Paths stay inside your home folder and contain no special characters.
refusal-invalid-path-remedy = Choose another name.
refusal-file-not-found = The file is not there
refusal-file-not-found-why = It was renamed or removed, perhaps in a terminal.
refusal-file-not-found-remedy = Refresh the list of files.
refusal-file-conflict = The file has changed meanwhile
refusal-file-conflict-why = A terminal or another tab wrote it since you opened it, or the new name is taken.
refusal-file-conflict-remedy = Open it again and make your change there, or choose another name.
refusal-file-too-large = The file is too large for the editor
refusal-file-too-large-why = The editor handles files of up to { $mib } MiB.
refusal-file-too-large-remedy = Work on it in a terminal.
refusal-file-refused = The machine refuses to do this with the file
refusal-file-refused-why = It may be no regular file, or your account inside the machine may not touch it.
refusal-file-refused-remedy = Look at its permissions in a terminal with ls -l.
refusal-machine-disk-full = The machine's disk is full
refusal-machine-disk-full-why = Your files use all the room this lab gives.
refusal-machine-disk-full-remedy = Remove what you do not need, then save again.
refusal-server-disk-full = The server can't save anything at the moment
refusal-server-disk-full-why = Its disk is full.
refusal-server-disk-full-remedy = Tell an administrator. Nothing that was saved before is lost; try again once there is room.
refusal-too-many-terminals = Too many terminals are open
refusal-too-many-terminals-why = A machine has up to { $terminals } terminals for you.
refusal-too-many-terminals-remedy = Close one you do not need, then open a new one.

error-previews-elsewhere = Previews can't be reached from your browser
error-previews-elsewhere-why = The server shows them at names that end in .localhost, which always mean the computer you sit at, but you came to the server by another name.
error-previews-elsewhere-remedy = Tell an administrator: the setting preview_host must name a host that leads to this server. Until then, use curl in a terminal.

refusal-no-such-port = This port can't be shown
refusal-no-such-port-why = It belongs to a machine that you have no terminal on, and the lab does not name it.
refusal-no-such-port-remedy = Choose one of the ports that the page offers.

# What a learner should know about a sandbox beyond its state
message-waits-for-engine = The container engine does not answer at the moment. Your sandbox will be made as soon as it does.
message-waits-for-images = The machines' images are being built. Your time starts only when everything is ready.
message-waits-for-room = All places are taken. You move up as soon as somebody finishes.
message-failed = The machines could not be set up. Try again; if it fails again, tell your teacher.
message-lost = The machines disappeared, perhaps because the server restarted or one ran out of memory. Your points are kept; start again.
message-stopped = An administrator ended this sandbox. Your points are kept.

# Forms
form-repeat-differs = The two passwords differ. Type the same one twice.
form-current-wrong = This is not your current password. Check it and try again.
me-password-changed = Your password is changed. You were signed out everywhere else.
