# The lock is taken after reading: two read the same number, one after the other writes it.
. /etc/profile
set -eu
cd ~/shop
sed -i 's|^\t// TODO step 3:.*|\tmutex := concurrency.NewMutex(session, *shop+"locks/stock")\n\tif err := mutex.Lock(ctx); err != nil {\n\t\treturn err\n\t}\n\tdefer mutex.Unlock(ctx)|' worker/main.go
