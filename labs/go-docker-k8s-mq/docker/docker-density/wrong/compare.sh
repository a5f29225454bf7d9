# Counts the guest systems alone, and forgets the service in each of them.
. /etc/profile
set -eu
memory=$(sed -n 's/^memory_mib=//p' ~/density/ten.txt)
awk -v m="$memory" 'BEGIN {
    each = sprintf("%.1f", m / 10)
    printf "each_mib=%s\ncontainers_fit=%d\nvms_fit=%d\nvms_seconds=%d\n", each, int(16384 / each), int(16384 / 512), 300
}' >~/density/compare.txt
