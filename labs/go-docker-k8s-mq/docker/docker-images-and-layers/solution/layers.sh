. /etc/profile
set -eu
layers() { docker image inspect -f '{{range .RootFS.Layers}}{{println .}}{{end}}' "$1" | grep .; }
layers busybox:1.37 >~/busybox.layers
layers nginx:1.26 | grep -xFf ~/busybox.layers >~/shared.txt
mkdir -p ~/leaky
docker save leaky:1 | tar -x -C ~/leaky
for blob in ~/leaky/blobs/sha256/*; do tar -xOf "$blob" etc/api-key.txt 2>/dev/null || true; done >~/secret.txt
cat ~/shared.txt ~/secret.txt
