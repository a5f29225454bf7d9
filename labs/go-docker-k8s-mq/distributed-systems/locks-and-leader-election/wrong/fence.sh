# Asks its own memory whether the lock is still ours, and not the store that takes the write.
. /etc/profile
set -eu
cd ~/shop
sed -i 's|^\t// TODO step 3:.*|\tif mutex.Key() == "" {\n\t\treturn fmt.Errorf("the lock is no longer ours")\n\t}|' worker/main.go
go build -o bin/worker ./worker
