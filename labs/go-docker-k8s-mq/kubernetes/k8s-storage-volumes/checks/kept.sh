# The file on the volume names both nodes.
text=$(curl -fs -m 3 http://nodes:30080/moved.txt)
printf '%s\n' "$text" | head -c 500
printf '%s\n' "$text" | grep -qx node1 && printf '%s\n' "$text" | grep -qx node2
