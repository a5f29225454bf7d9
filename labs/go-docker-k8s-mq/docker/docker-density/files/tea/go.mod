module tea

go 1.24
