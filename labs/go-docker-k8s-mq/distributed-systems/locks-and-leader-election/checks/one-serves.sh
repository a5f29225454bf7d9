# The learner's own three tills, asked from here with a word that is new each time: one serves it, two
# say that they do not lead.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1"; exit 1; }
tries=0
while :; do
    serve= refuse= none=
    for port in 8081 8082 8083; do
        word=$(od -An -N6 -tx1 /dev/urandom | tr -d ' ')
        said=$(curl -q -s --noproxy '*' -m 3 --max-filesize 65536 -w '\n%{http_code}' "http://desk:$port/?for=$word")
        case ${said##*
} in
        200) case $said in *"$word"*) serve="$serve $port" ;; *) fail 'message: no-word' ;; esac ;;
        503) refuse="$refuse $port" ;;
        *) none="$none $port" ;;
        esac
    done
    echo "serve:$serve refuse:$refuse none:$none"
    [ "$(echo $serve | wc -w)" -eq 1 ] && [ "$(echo $refuse | wc -w)" -eq 2 ] && exit 0
    # An election may just be on.
    tries=$((tries + 1)); [ "$tries" -lt 10 ] || break
    sleep 0.5
done
[ -z "$none" ] || fail 'message: not-running'
[ -n "$serve" ] || fail 'message: nobody'
fail 'message: many'
