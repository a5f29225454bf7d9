// Command hello is all that the image `hello` contains.
package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() {
	host, _ := os.Hostname()
	fmt.Println("Hello from a container!  你好,来自容器!")
	fmt.Println()
	fmt.Printf("  container  %s (%s/%s)\n", host, runtime.GOOS, runtime.GOARCH)
	fmt.Printf("  process    %d\n", os.Getpid())
	fmt.Println()
	fmt.Println("The engine found the image, made a container from it, started this")
	fmt.Println("one program in it and showed you what it printed.")
	fmt.Println("引擎找到镜像,由它创建容器,在其中启动这一个程序,并把输出显示给你。")
}
