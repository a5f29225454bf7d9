# At least three entries with a tea and a weight.
redis() { redis-cli --no-auth-warning --user learner --pass learner "$@"; }
fail() { echo "$1"; exit 1; }
[ "$(redis ping)" = PONG ] || exit 3
[ "$(redis type orders)" = stream ] || exit 1
# An entry is [number, [field, value, …]], or with an object for the fields.
good=$(redis --json xrange orders - + | jq '
    def fields: .[1] | if type == "array" then
        . as $all | [range(0; length; 2) | {($all[.]): $all[. + 1]}] | add else . end;
    [.[] | fields | select((.tea // "") != "" and ((.grams // "") | test("^[1-9][0-9]*$")))] | length')
echo "good: $good"
[ "${good:-0}" -ge 3 ]
