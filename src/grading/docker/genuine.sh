# Whether process $1, which listens at the engine's socket, is the machine's own Docker engine,
# and, with $2, whether that engine holds the machine's port $2. Prints why not, and then which
# images the machine came with.
#
# Runs with root's real and the learner's effective user id. So it may look at all processes of the
# learner, also at those in namespaces that they made, while none of these may trace it. It only
# looks: nothing of the learner's is run.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
no() { echo "$1"; exit 1; }
p=/proc/$1
same() { [ "$1" -ef "$2" ]; }
same "$p/exe" /usr/sbin/dockerd || same "$p/exe" /usr/bin/dockerd || no "engine: process $1 is another program"
# In a numbering of its own, a process could pass for another.
[ "$(readlink "$p/ns/pid")" = "$(readlink /proc/self/ns/pid)" ] || no 'engine: in a process namespace of its own'

# All of its code is from the machine's image: nothing preloaded, nothing made at run time.
code=$(awk '$2 ~ /x/ && $6 !~ /^\[(vdso|vsyscall|uprobes)\]$/ { print $4 }' "$p/maps" | sort -u)
case $code in
'') no 'engine: no code' ;;
00:00 | *[!0-9a-f:]*) no "engine: runs code from elsewhere: $code" ;;
esac

# Its settings can't be the learner's, who could have it run containers by a program of theirs.
config=
last=
for word in $(tr '\0' '\n' <"$p/cmdline"); do
    case $word in
    --add-runtime* | --default-runtime* | --containerd*) no "engine: started with $word" ;;
    --config-file=*) config=${word#*=} ;;
    esac
    [ "$last" != --config-file ] || config=$word
    last=$word
done
[ -n "$config" ] && [ -f "$config" ] && [ ! -w "$config" ] || no 'engine: settings that may have been changed'
path=$(tr '\0' '\n' <"$p/environ" | sed -n 's/^PATH=//p')
for folder in $(echo "$path" | tr : ' '); do
    case $folder in
    /usr/local/sbin | /usr/local/bin | /usr/sbin | /usr/bin | /sbin | /bin) ;;
    *) no "engine: finds programs in $folder" ;;
    esac
done
for program in dockerd containerd containerd-shim-runc-v2 runc rootlesskit-docker-proxy docker-proxy; do
    for folder in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin; do
        [ ! -e "$folder/$program" ] || same "$p/root$folder/$program" "$folder/$program" ||
            no "engine: sees another $program"
    done
done

if [ -n "$2" ]; then
    # The programs above the engine, which hold its ports.
    above=' '
    up=$1
    while [ "$up" -gt 1 ]; do
        up=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$up/status")
        above="$above${up:=0} "
    done
    port=$(printf ':%04X' "$2")
    sockets=$(awk -v port="$port" '$4 == "0A" && substr($2, length($2) - 4) == port { print $10 }' /proc/net/tcp /proc/net/tcp6)
    [ -n "$sockets" ] || no "port: nobody listens on $2"
    for socket in $sockets; do
        # shellcheck disable=SC2012 # a list of links, and where they lead
        holders=$(ls -l /proc/[0-9]*/fd 2>/dev/null |
            awk -v socket="socket:[$socket]" -F '[/ :]' '/^\/proc\// { pid = $3 } substr($0, length($0) - length(socket) + 1) == socket { print pid }' | sort -u)
        [ -n "$holders" ] || no "port: nobody is seen to hold $2"
        for holder in $holders; do
            case $above in *" $holder "*) ;; *) no "port: process $holder holds $2" ;; esac
            same "/proc/$holder/exe" /usr/bin/rootlesskit || no "port: process $holder holds $2"
        done
    done
fi

echo images:
tar -xOf /usr/lib/slipway/images.tar ./manifest.json 2>/dev/null
exit 0
