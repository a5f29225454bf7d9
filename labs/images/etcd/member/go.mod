module slipway/member

go 1.24
