# The file on the volume names both nodes.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
text=$(curl -fs -m 3 http://nodes:30080/moved.txt)
printf '%s\n' "$text" | head -c 500
printf '%s\n' "$text" | grep -qx node1 && printf '%s\n' "$text" | grep -qx node2
