echo I was here
