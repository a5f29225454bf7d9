echo "message: nowhere"
exit 1
