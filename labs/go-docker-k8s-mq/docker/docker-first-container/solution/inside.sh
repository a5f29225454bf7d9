. /etc/profile
set -eu
docker exec web sh -c 'echo "<h1>ahoy</h1>" > /usr/share/nginx/html/index.html'
curl -fsS localhost:8080/
docker logs --tail 1 web
docker inspect -f '{{.NetworkSettings.IPAddress}}' web > ~/web-ip.txt
cat ~/web-ip.txt
