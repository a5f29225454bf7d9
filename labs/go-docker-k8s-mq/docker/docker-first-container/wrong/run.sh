# The name behind the image goes to the program, and exit is a word of the shell.
. /etc/profile
set -eu
docker run hello --name first || true
docker run --name oops busybox exit 7 || true
docker ps -a
