module warehouse

go 1.24
