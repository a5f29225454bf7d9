# A Pod of ours writes a random word into the volume that `notes` uses; then the Pod of `notes` is
# deleted, and its successor is asked for the word, as any visitor would.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
base=http://localhost/api/v1/namespaces/default/pods
api() { curl -fsS -m 10 --unix-socket /run/slipway-kubernetes/api.sock "$@"; }
running() { api "$base?labelSelector=app%3Dnotes" | jq -c '[.items[] | select(.status.phase == "Running" and .metadata.deletionTimestamp == null)]'; }
old=$(running | jq '.[0]') || exit 3
if [ "$old" = null ]; then
    echo 'message: none'
    exit 1
fi
name=$(echo "$old" | jq -r .metadata.name)
claim=$(echo "$old" | jq -r '.spec.volumes[] | select(.name == "notes") | .persistentVolumeClaim.claimName // ""')
if [ -z "$claim" ]; then
    echo 'message: empty'
    exit 1
fi
word=$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')
probe=proof-$word
clean() { api -X DELETE "$base/$probe?gracePeriodSeconds=0" >/dev/null 2>&1; }
trap clean EXIT
jq -n --arg name "$probe" --arg claim "$claim" --arg word "$word" '{
    apiVersion: "v1", kind: "Pod", metadata: {name: $name},
    spec: {restartPolicy: "Never", terminationGracePeriodSeconds: 0,
        volumes: [{name: "notes", persistentVolumeClaim: {claimName: $claim}}],
        containers: [{name: "proof", image: "busybox:1.37",
            command: ["sh", "-c", "echo \($word) > /notes/.proof-\($word)"],
            volumeMounts: [{name: "notes", mountPath: "/notes"}]}]}}' |
    api -H 'Content-Type: application/json' -X POST --data-binary @- "$base" >/dev/null || exit 3
for _ in $(seq 60); do
    phase=$(api "$base/$probe" | jq -r .status.phase)
    [ "$phase" != Succeeded ] || break
    sleep 0.5
done
echo "proof written: $phase"
[ "$phase" = Succeeded ] || exit 1
api -X DELETE "$base/$name" >/dev/null
found=
for _ in $(seq 60); do
    next=$(running | jq -r '.[0].metadata.name // ""')
    if [ -n "$next" ] && [ "$next" != "$name" ]; then
        [ "$(curl -fs -m 2 "http://nodes:30080/.proof-$word")" != "$word" ] || found=yes
    fi
    # Until the old one is gone: who works on should not meet it.
    [ -z "$found" ] || api "$base/$name" >/dev/null 2>&1 || exit 0
    sleep 0.5
done
[ -z "$found" ] || exit 0
echo "$next does not have it"
exit 1
