# The image's own ENV, for login shells that start from a clean environment.
export DOCKER_HOST=unix:///run/user/1000/docker.sock XDG_RUNTIME_DIR=/run/user/1000
