module teashop/orders

go 1.24
