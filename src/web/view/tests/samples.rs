//! Pages filled with plausible content, hostile names included.

use askama::Template;

use crate::{
    domain::{
        check::Trust,
        clock::Timestamp,
        ids::{AttemptId, SandboxId, Slug, SubmissionId, UserId},
        lab::{Level, Profile},
        sandbox::{EndReason, SandboxState},
        score::Score,
        submission::{Outcome, SubmissionState},
        text::Locale,
        user::Role,
    },
    web::{
        i18n::Translator,
        view::{
            Html, Layout, Notice, NoticeKind, Viewer, admin, course, error, home, lab, lab_data,
            lab_start, lesson, me,
            needs::{self, Needs},
            parts::{FieldError, ImageProgress, ImageState, ItemKind, Neighbour, Progress},
            preview, setup, sign_in, urls,
        },
    },
};

const HOSTILE: &str = "<img src=x onerror=alert(1)></script><b>";
const ATTEMPT: &str = "01939b2c-0000-7000-8000-00000000a77e";

/// Picks the text of a language.
struct Say(Locale);

impl Say {
    fn it(&self, zh: &str, en: &str) -> String {
        match self.0 {
            Locale::Zh => zh.to_owned(),
            Locale::En => en.to_owned(),
        }
    }
}

fn slug(s: &str) -> Slug {
    s.parse().unwrap()
}

fn score(earned: u32, possible: u32) -> Score {
    Score { earned, possible }
}

fn at(minutes_ago: i64) -> Timestamp {
    Timestamp::from_millis(1_795_445_000_000 - minutes_ago * 60_000)
}

fn layout(locale: Locale, viewer: Option<(&str, Role)>, path: &str, title: String) -> Layout {
    Layout {
        t: Translator::new(locale),
        csrf: "token-of-the-sample".to_owned(),
        viewer: viewer.map(|(name, role)| Viewer {
            name: name.to_owned(),
            role,
        }),
        path: path.to_owned(),
        title,
        style_nonce: String::new(),
        notice: None,
    }
}

/// Every page, named.
pub(super) fn pages(locale: Locale) -> Vec<(String, askama::Result<String>)> {
    let mut all = vec![
        ("home".to_owned(), home(locale).render()),
        ("course".to_owned(), course(locale, true).render()),
        ("course-visitor".to_owned(), course(locale, false).render()),
        ("lesson".to_owned(), lesson(locale, true).render()),
        ("lesson-visitor".to_owned(), lesson(locale, false).render()),
        ("lab".to_owned(), lab(locale).render()),
        ("sign-in".to_owned(), sign_in(locale).render()),
        ("register".to_owned(), register(locale).render()),
        ("setup".to_owned(), setup(locale, true).render()),
        ("setup-used".to_owned(), setup(locale, false).render()),
        ("me".to_owned(), me(locale, true).render()),
        ("me-new".to_owned(), me(locale, false).render()),
        ("admin".to_owned(), admin(locale, true).render()),
        ("admin-empty".to_owned(), admin(locale, false).render()),
        ("error".to_owned(), error(locale).render()),
        ("preview".to_owned(), trouble(locale).render()),
    ];
    for (name, state) in starts(locale) {
        let page = lab_start(locale, state, Needs::Hidden);
        all.push((format!("start-{name}"), page.render()));
    }
    for (name, needs) in [
        ("measured", lab_needs(locale, true)),
        ("measured-before", lab_needs(locale, false)),
        ("unmeasured", Needs::Unknown),
    ] {
        let page = lab_start(locale, lab_start::StartState::Ready, needs);
        all.push((format!("start-{name}"), page.render()));
    }
    all
}

fn trouble(locale: Locale) -> preview::PreviewPage {
    preview::PreviewPage {
        t: Translator::new(locale),
        nonce: "nonce-of-the-sample".to_owned(),
        what: HOSTILE.to_owned(),
        next: HOSTILE.to_owned(),
        looks_again: true,
    }
}

fn home(locale: Locale) -> home::HomePage {
    let say = Say(locale);
    let card = |id: &str, title: String, progress| {
        home::CourseCard {
        id: slug(id),
        title,
        summary: say.it(
            "从一个 Go 服务出发，把它装进容器、交给编排器、接上消息队列。",
            "Start from one Go service, put it into a container, hand it to an orchestrator, connect it by a queue.",
        ),
        teacher: say.it("水木未名", "Shuimu Weiming"),
        lessons: 6,
        labs: 3,
        progress,
    }
    };
    home::HomePage {
        layout: layout(
            locale,
            Some(("ada", Role::Student)),
            "/",
            say.it("课程", "Courses"),
        ),
        courses: vec![
            card(
                "go-docker-k8s-mq",
                say.it(
                    "Go、Docker、K8s、消息队列与分布式",
                    "Go, Docker, Kubernetes, queues and distributed systems",
                ),
                Some(Progress {
                    done: 4,
                    total: 9,
                    score: score(35, 150),
                }),
            ),
            card("linux", say.it("Linux 基础", "Linux basics"), None),
        ],
    }
}

fn progress() -> Progress {
    Progress {
        done: 4,
        total: 9,
        score: score(85, 150),
    }
}

fn course(locale: Locale, signed_in: bool) -> course::CoursePage {
    use course::{
        ItemState::{Done, Open, Started},
        ItemView, LabLine, ModuleView,
    };
    let say = Say(locale);
    let lesson = |id: &str, title: String, state| ItemView {
        id: slug(id),
        title,
        minutes: Some(12),
        lab: None,
        state: if signed_in { state } else { Open },
    };
    let lab = |id: &str, title: String, level, earned, state| ItemView {
        id: slug(id),
        title,
        minutes: Some(30),
        lab: Some(LabLine {
            level,
            score: score(if signed_in { earned } else { 0 }, 50),
        }),
        state: if signed_in { state } else { Open },
    };
    let module = |id: &str, title: String, summary: String, items| ModuleView {
        id: slug(id),
        title,
        summary,
        items,
    };
    let paragraph = say.it(
        "虚拟机模拟整台机器，容器只圈出一小块环境：共用内核，各有各的文件系统、网络与进程。启动只要一瞬，搬到哪里都一样运行。",
        "A virtual machine imitates a whole computer; a container fences off a small part of one. It shares the kernel and has its own files, network and processes. It starts in a moment and runs the same wherever it is carried.",
    );
    course::CoursePage {
        layout: layout(
            locale,
            signed_in.then_some(("ada", Role::Instructor)),
            "/courses/go-docker-k8s-mq",
            say.it("Go、Docker、K8s、消息队列与分布式", "Go, Docker, Kubernetes, message queues and distributed systems"),
        ),
        id: slug("go-docker-k8s-mq"),
        title: say.it("Go、Docker、K8s、消息队列与分布式", "Go, Docker, Kubernetes, message queues and distributed systems"),
        summary: say.it(
            "从一个 Go 服务出发，把它装进容器、交给编排器、接上消息队列，再看看机器之间会出什么岔子。",
            "Start from one Go service, put it into a container, hand it to an orchestrator, connect it by a queue, and see what can go wrong between machines.",
        ),
        teacher: say.it("水木未名", "Shuimu Weiming"),
        teacher_bio: Some(say.it("后端工程师，十年分布式系统经验", "Backend engineer, ten years of distributed systems")),
        audience: say.it(
            "会一门编程语言、用过命令行，想弄懂现代后端如何运转的人。",
            "People who know a programming language and a command line, and want to understand how a modern backend works.",
        ),
        learn: vec![
            say.it("写一个能体面退出的 Go HTTP 服务", "Write a Go HTTP service that shuts down gracefully"),
            say.it("构建镜像、运行容器、排查问题", "Build images, run containers, find out what is wrong"),
            say.it("说清编排器的各个组件做什么", "Explain what each part of an orchestrator does"),
            say.it("用消息队列让服务之间解耦", "Decouple services with a message queue"),
        ],
        introduction: Html::sanitised(format!(
            "<h3>{}</h3><p>{paragraph}</p><p>{paragraph}</p><ul><li>{}</li><li>{}</li></ul><h3>{}</h3><p>{paragraph}</p><p>{paragraph}</p>",
            say.it("为什么用容器", "Why containers"),
            say.it("快速而一致的交付", "Fast and consistent delivery"),
            say.it("同样的硬件跑更多负载", "More work on the same hardware"),
            say.it("为什么需要编排", "Why an orchestrator"),
        )),
        modules: vec![
            module("go", "Go".to_owned(), say.it("语言与服务", "The language, and a service in it"), vec![
                lesson("go-service", say.it("一个 Go 服务的一生", "The life of a Go service"), Done),
                lab("go-http-service", say.it("写一个 HTTP 服务", "Write an HTTP service"), Level::Beginner, 50, Done),
            ]),
            module("docker", "Docker".to_owned(), say.it("镜像、容器与隔离", "Images, containers, isolation"), vec![
                lesson("containers", say.it("容器与虚拟机", "Containers and virtual machines"), Done),
                lab("docker-first-container", say.it("第一个容器：运行、发布端口、构建镜像", "Your first container: run it, publish a port, build an image"), Level::Beginner, 35, Started),
            ]),
            module("mq", say.it("消息队列", "Message queues"), say.it("异步与解耦", "Asynchronous work and decoupling"), vec![
                lesson("queues", say.it("消息与队列", "Messages and queues"), Open),
                lab("rabbitmq-first-queue", say.it("第一个队列", "Your first queue"), Level::Intermediate, 0, Open),
            ]),
        ],
        other_courses: vec![
            course::OtherCourseView { title: say.it("Linux 基础", "Linux basics"), summary: Some(say.it("命令行、权限与进程", "Command line, permissions, processes")), url: Some("https://example.org/linux".to_owned()) },
            course::OtherCourseView { title: say.it("数据库入门", "First steps with databases"), summary: None, url: None },
        ],
        contact_text: say.it("卡住了？写信说明你做到哪一步、看到了什么。", "Stuck? Write and say which step you are at and what you see."),
        contact_url: Some("mailto:help@example.org".to_owned()),
        progress: signed_in.then(progress),
        next: Some(Neighbour {
            title: say.it("第一个容器：运行、发布端口、构建镜像", "Your first container: run it, publish a port, build an image"),
            url: urls::lab(&slug("go-docker-k8s-mq"), &slug("docker-first-container")),
            kind: ItemKind::Lab,
        }),
    }
}

fn code_block(code: &str, run: Option<&str>) -> String {
    let (attributes, button) = match run {
        Some(target) => (
            format!(" data-run=\"{target}\""),
            "<button class=\"code-run\"></button>",
        ),
        None => (String::new(), ""),
    };
    format!(
        "<figure class=\"code-block\" data-lang=\"sh\"{attributes}><pre><code>{code}\n</code></pre>{button}<button class=\"code-copy\"></button></figure>"
    )
}

fn neighbours(say: &Say) -> (Option<Neighbour>, Option<Neighbour>) {
    let neighbour = |title: String, kind| {
        Some(Neighbour {
            title,
            url: "/courses/go-docker-k8s-mq".to_owned(),
            kind,
        })
    };
    (
        neighbour(
            say.it("写一个 HTTP 服务", "Write an HTTP service"),
            ItemKind::Lab,
        ),
        neighbour(say.it("第一个容器", "Your first container"), ItemKind::Lab),
    )
}

fn lesson(locale: Locale, signed_in: bool) -> lesson::LessonPage {
    let say = Say(locale);
    let p = say.it(
        "容器是一组被圈起来的进程。<code>docker run</code> 让内核给它们另一套视图：另一个文件系统、另一张网卡、另一份进程表。除此之外，它们就是普通进程。",
        "A container is a group of processes with a fence around it. <code>docker run</code> has the kernel give them another view: another file system, another network card, another table of processes. Apart from that they are ordinary processes.",
    );
    let body = format!(
        "<p>{p}</p><h2 id=\"view\">{}</h2><p>{p}</p><figure><svg viewBox=\"0 0 420 120\" width=\"420\" role=\"img\" aria-label=\"{}\"><rect x=\"10\" y=\"20\" width=\"170\" height=\"80\" rx=\"8\" fill=\"var(--diagram-fill)\" stroke=\"var(--diagram-a)\" stroke-width=\"2\"></rect><text x=\"95\" y=\"66\" text-anchor=\"middle\" fill=\"var(--diagram-text)\">{}</text><path d=\"M190 60h40\" stroke=\"var(--diagram-line)\" stroke-width=\"2\"></path><rect x=\"240\" y=\"20\" width=\"170\" height=\"80\" rx=\"8\" fill=\"var(--diagram-fill)\" stroke=\"var(--diagram-b)\" stroke-width=\"2\"></rect><text x=\"325\" y=\"66\" text-anchor=\"middle\" fill=\"var(--diagram-text)\">{}</text></svg><figcaption>{}</figcaption></figure>{}<blockquote><p>{}</p></blockquote><h3 id=\"compare\">{}</h3><table><thead><tr><th>{}</th><th>{}</th><th>{}</th></tr></thead><tbody><tr><td>{}</td><td>30 s</td><td>0.3 s</td></tr><tr><td>{}</td><td>1 GiB</td><td>1 MiB</td></tr></tbody></table><details><summary>{}</summary><p>{p}</p></details><h2 id=\"next-step\">{}</h2><p>{p}</p>",
        say.it("另一套视图", "Another view"),
        say.it("示意图", "A drawing"),
        say.it("镜像", "image"),
        say.it("容器", "container"),
        say.it(
            "镜像是模板，容器是运行起来的它。",
            "An image is the pattern; a container is one at work."
        ),
        code_block(
            "docker run --rm -p 8080:80 web\ncurl -s http://localhost:8080/",
            None
        ),
        say.it(
            "注意：端口要先发布，外面才看得见。",
            "Mind: a port is visible from outside only when it is published."
        ),
        say.it("比一比", "Compared"),
        "",
        say.it("虚拟机", "Virtual machine"),
        say.it("容器", "Container"),
        say.it("启动", "Start"),
        say.it("额外内存", "Extra memory"),
        say.it("想一想", "Think about it"),
        say.it("接下来", "What comes next"),
    );
    let line = |anchor: &str, text: String, level| lesson::ContentsLine {
        anchor: anchor.to_owned(),
        text,
        level,
    };
    let (previous, next) = neighbours(&say);
    lesson::LessonPage {
        layout: layout(
            locale,
            signed_in.then_some(("ada", Role::Student)),
            "/courses/go-docker-k8s-mq/lessons/containers",
            say.it("容器与虚拟机", "Containers and virtual machines"),
        ),
        course: slug("go-docker-k8s-mq"),
        course_title: say.it(
            "Go、Docker、K8s、消息队列与分布式",
            "Go, Docker, Kubernetes, queues and distributed systems",
        ),
        module_title: "Docker".to_owned(),
        id: slug("containers"),
        title: say.it("容器与虚拟机", "Containers and virtual machines"),
        minutes: Some(12),
        body: Html::sanitised(body),
        contents: vec![
            line("view", say.it("另一套视图", "Another view"), 2),
            line("compare", say.it("比一比", "Compared"), 3),
            line("next-step", say.it("接下来", "What comes next"), 2),
        ],
        previous,
        next,
        done: signed_in.then_some(false),
    }
}

fn image(name: &str, state: ImageState, percent: Option<u8>, line: &str) -> ImageProgress {
    ImageProgress {
        name: slug(name),
        state,
        percent,
        line: line.to_owned(),
    }
}

fn starts(locale: Locale) -> Vec<(&'static str, lab_start::StartState)> {
    use lab_start::StartState;
    let say = Say(locale);
    let attempt: AttemptId = ATTEMPT.parse().unwrap();
    vec![
        ("sign-in", StartState::SignIn),
        ("ready", StartState::Ready),
        ("running", StartState::Running { attempt, expires_at: Some(at(-20)) }),
        ("building", StartState::Images(vec![
            image("desk", ImageState::Ready, None, ""),
            image("rabbitmq", ImageState::Building, Some(62), "Step 4/7 : RUN apt-get install -y rabbitmq-server"),
        ])),
        ("failed", StartState::Images(vec![
            image("rabbitmq", ImageState::Failed, None, "E: Unable to locate package rabbitmq-servr"),
        ])),
        ("engine", StartState::EngineMissing {
            problem: say.it("容器引擎没有应答。", "The container engine does not answer."),
            remedy: say.it("请管理员运行 slipway doctor，它会说明缺什么、怎么补。", "An administrator can run slipway doctor, which says what is missing and how to mend it."),
        }),
        ("limit", StartState::LimitReached {
            limit: 2,
            running: vec![
                lab_start::RunningSandbox { title: say.it("写一个 HTTP 服务", "Write an HTTP service"), attempt },
                lab_start::RunningSandbox { title: say.it("第一个容器", "Your first container"), attempt },
            ],
        }),
    ]
}

fn lab_needs(locale: Locale, is_current: bool) -> Needs {
    let say = Say(locale);
    let machine = |name: &str, rest: &str, promised: &str| needs::MachineNeeds {
        name: slug(name),
        rest: rest.to_owned(),
        promised: promised.to_owned(),
    };
    Needs::Known(needs::LabNeeds {
        rest: "131 MiB".to_owned(),
        peak: "180 MiB".to_owned(),
        promised: "768 MiB".to_owned(),
        percent: 23,
        start: say.it("4.3 秒", "4.3 s"),
        images: "320 MiB".to_owned(),
        machines: vec![
            machine("desk", "11 MiB", "256 MiB"),
            machine("broker", "120 MiB", "512 MiB"),
        ],
        measured_at: at(9000),
        host: "Docker 20.10.24+dfsg1".to_owned(),
        is_current,
    })
}

fn lab_start(
    locale: Locale,
    start: lab_start::StartState,
    needs: Needs,
) -> lab_start::LabStartPage {
    let say = Say(locale);
    let (previous, next) = neighbours(&say);
    let visitor = matches!(start, lab_start::StartState::SignIn);
    let step = |zh: &str, en: &str, done| lab_start::StepLine {
        title: say.it(zh, en),
        points: 15,
        done: done && !visitor,
    };
    lab_start::LabStartPage {
        layout: layout(
            locale,
            (!visitor).then_some(("ada", Role::Student)),
            "/courses/go-docker-k8s-mq/labs/rabbitmq-first-queue",
            say.it("第一个队列", "Your first queue"),
        ),
        course: slug("go-docker-k8s-mq"),
        course_title: say.it("Go、Docker、K8s、消息队列与分布式", "Go, Docker, Kubernetes, queues and distributed systems"),
        module_title: say.it("消息队列", "Message queues"),
        id: slug("rabbitmq-first-queue"),
        title: say.it("第一个队列", "Your first queue"),
        summary: say.it(
            "在没有消费者的时候发出消息，看队列替你留着；再消费、确认，最后杀掉消费者，看消息重新投递。",
            "Send while nobody listens and see the queue keep the message. Then consume, acknowledge, and kill a consumer to see its message come again.",
        ),
        level: Level::Intermediate,
        minutes: 30,
        extension_minutes: 30,
        extensions: 2,
        machines: vec![
            lab_start::MachineLine { name: slug("desk"), image: slug("desk"), profile: Profile::Plain, memory: "256MiB".to_owned() },
            lab_start::MachineLine { name: slug("broker"), image: slug("rabbitmq"), profile: Profile::Docker, memory: "512MiB".to_owned() },
        ],
        internet: false,
        steps: vec![
            step("没有消费者也能发送", "Send without a consumer", true),
            step("消费并确认", "Consume and acknowledge", false),
            step("杀掉消费者", "Kill a consumer", false),
        ],
        best: score(if visitor { 0 } else { 15 }, 45),
        attempted: !visitor,
        start,
        needs,
        previous,
        next,
    }
}

fn lab(locale: Locale) -> lab::LabPage {
    let say = Say(locale);
    let check = |id: &str, zh: &str, en: &str, best| lab_data::CheckData {
        id: slug(id),
        title: say.it(zh, en),
        points: 5,
        live: true,
        best,
    };
    let step_data = |id: &str, zh: &str, en: &str, checks: Vec<_>| lab_data::StepData {
        id: slug(id),
        title: say.it(zh, en),
        points: 15,
        checks,
        hints_total: 2,
        hints_opened: usize::from(id == "publish"),
    };
    let body = format!(
        "<p>{}</p>{}<p>{}</p>{}<blockquote><p>{}</p></blockquote>{}",
        say.it("队列在代理里，不在你的程序里。先声明一个名为 <code>orders</code> 的队列：", "The queue lives in the broker, not in your program. First declare a queue called <code>orders</code>:"),
        code_block("rabbitmqadmin declare queue name=orders durable=true", Some("desk:1")),
        say.it("现在没有人在听，照样发一条消息：", "Nobody is listening now. Send a message all the same:"),
        code_block("rabbitmqadmin publish exchange=amq.default \\\n  routing_key=orders payload='hello'", Some("desk:1")),
        say.it("队列替消费者把消息留着，直到有人来取。", "The queue keeps the message until somebody comes for it."),
        code_block("{ \"id\": 1 }", None),
    );
    let step = |id: &str, zh: &str, en: &str, hints| lab::StepText {
        id: slug(id),
        title: say.it(zh, en),
        body: Html::sanitised(body.clone()),
        hints,
    };
    let hint = Html::sanitised(format!(
        "<p>{}</p>",
        say.it("先看看有哪些队列。", "Look at which queues there are.")
    ));
    let layout = Layout {
        style_nonce: "bm9uY2U".to_owned(),
        ..layout(
            locale,
            Some(("ada", Role::Student)),
            "/attempts/01939b2c-0000-7000-8000-00000000a77e",
            say.it("第一个队列", "Your first queue"),
        )
    };
    let first = |best| {
        vec![
            check(
                "queue-exists",
                "队列 orders 已存在",
                "The queue orders exists",
                best,
            ),
            check(
                "message-waits",
                "队列里至少有一条消息在等待",
                "At least one message waits in the queue",
                None,
            ),
            check(
                "durable",
                "重启代理之后队列还在",
                "The queue survives a restart of the broker",
                None,
            ),
        ]
    };
    lab::LabPage {
        course: slug("go-docker-k8s-mq"),
        course_title: say.it(
            "Go、Docker、K8s、消息队列与分布式",
            "Go, Docker, Kubernetes, queues and distributed systems",
        ),
        lab: slug("rabbitmq-first-queue"),
        title: say.it("第一个队列", "Your first queue"),
        steps: vec![
            step(
                "publish",
                "没有消费者也能发送",
                "Send without a consumer",
                vec![hint],
            ),
            step("consume", "消费并确认", "Consume and acknowledge", vec![]),
            step("redeliver", "杀掉消费者", "Kill a consumer", vec![]),
        ],
        data: lab_data::LabData {
            attempt: ATTEMPT.parse().unwrap(),
            csrf: layout.csrf.clone(),
            locale,
            style_nonce: layout.style_nonce.clone(),
            machines: vec![
                lab_data::MachineData {
                    name: slug("desk"),
                    terminals: 2,
                    learner_home: "/home/learner".to_owned(),
                },
                lab_data::MachineData {
                    name: slug("broker"),
                    terminals: 1,
                    learner_home: "/home/learner".to_owned(),
                },
            ],
            editor: Some(lab_data::EditorData {
                machine: slug("desk"),
                folder: "work".to_owned(),
                open: Some("work/main.go".to_owned()),
            }),
            ports: vec![lab_data::PortData {
                machine: slug("broker"),
                port: 15672,
                title: Some(HOSTILE.to_owned()),
                listens: false,
            }],
            steps: vec![
                step_data(
                    "publish",
                    "没有消费者也能发送",
                    "Send without a consumer",
                    first(Some(Outcome::Passed)),
                ),
                step_data(
                    "consume",
                    "消费并确认",
                    "Consume and acknowledge",
                    vec![check(
                        "acked",
                        "消息已被确认",
                        "The message is acknowledged",
                        None,
                    )],
                ),
                step_data(
                    "redeliver",
                    "杀掉消费者",
                    "Kill a consumer",
                    vec![check("again", HOSTILE, HOSTILE, None)],
                ),
            ],
            boards: vec![lab_data::BoardPlace {
                kind: "docker",
                machines: vec![slug("desk")],
            }],
            reset_keeps_home: true,
            sandbox: lab_data::SandboxData {
                generation: 1,
                state: SandboxState::Queued,
                queue_position: Some(3),
                images: vec![lab_data::ImageData {
                    name: slug("rabbitmq"),
                    state: ImageState::Building,
                    percent: Some(62),
                    line: HOSTILE.to_owned(),
                }],
                message: None,
                now: at(0),
                ready_at: None,
                expires_at: None,
                extensions_left: 2,
                extension_minutes: 30,
                end_reason: None,
            },
            score: score(5, 45),
            strings: Translator::new(locale).client_strings(),
        },
        layout,
    }
}

fn sign_in(locale: Locale) -> sign_in::SignInPage {
    let say = Say(locale);
    sign_in::SignInPage {
        layout: layout(locale, None, "/sign-in?next=/me", say.it("登录", "Sign in")),
        next: Some("/courses/go-docker-k8s-mq".to_owned()),
        username: "ada".to_owned(),
        error: Some(say.it(
            "用户名或密码不对。请再试一次。",
            "Name or password is wrong. Please try again.",
        )),
    }
}

fn register(locale: Locale) -> sign_in::RegisterPage {
    let say = Say(locale);
    sign_in::RegisterPage {
        layout: layout(
            locale,
            None,
            "/register",
            say.it("注册账号", "Create an account"),
        ),
        next: None,
        username: HOSTILE.to_owned(),
        errors: vec![FieldError {
            field: "username",
            message: say.it(
                "用户名里不能有尖括号。",
                "A name can't contain angle brackets.",
            ),
        }],
    }
}

fn setup(locale: Locale, usable: bool) -> setup::SetupPage {
    let say = Say(locale);
    setup::SetupPage {
        layout: layout(locale, None, "/setup?token=abc", say.it("初始化", "Set-up")),
        token: usable.then(|| "abc".to_owned()),
        username: String::new(),
        errors: vec![],
    }
}

fn me(locale: Locale, busy: bool) -> me::MePage {
    let say = Say(locale);
    let lab = |title: String, earned, running| me::MyLab {
        course: slug("go-docker-k8s-mq"),
        id: slug("go-http-service"),
        title,
        score: score(earned, 50),
        running,
        last_at: at(90),
    };
    let mut layout = layout(
        locale,
        Some(("ada", Role::Student)),
        "/me",
        say.it("我的进度", "My progress"),
    );
    layout.notice = busy.then(|| Notice {
        kind: NoticeKind::Success,
        text: say.it("密码已修改。", "Your password has been changed."),
    });
    me::MePage {
        layout,
        username: "ada".to_owned(),
        role: Role::Student,
        created_at: at(90_000),
        courses: if busy {
            vec![me::MyCourse {
                id: slug("go-docker-k8s-mq"),
                title: say.it(
                    "Go、Docker、K8s、消息队列与分布式",
                    "Go, Docker, Kubernetes, queues and distributed systems",
                ),
                progress: progress(),
            }]
        } else {
            vec![]
        },
        labs: if busy {
            vec![
                lab(
                    say.it("第一个容器", "Your first container"),
                    35,
                    Some((ATTEMPT.parse().unwrap(), SandboxState::Ready)),
                ),
                lab(
                    say.it("写一个 HTTP 服务", "Write an HTTP service"),
                    50,
                    None,
                ),
            ]
        } else {
            vec![]
        },
        submissions: if busy {
            vec![me::MySubmission {
                lab: say.it("第一个容器", "Your first container"),
                step: say.it("构建镜像", "Build an image"),
                at: at(90),
                state: SubmissionState::Graded,
                score: score(10, 15),
            }]
        } else {
            vec![]
        },
        errors: if busy {
            vec![]
        } else {
            vec![FieldError {
                field: "current",
                message: say.it("当前密码不对。", "That is not your current password."),
            }]
        },
    }
}

fn admin(locale: Locale, busy: bool) -> admin::AdminPage {
    let say = Say(locale);
    let layout = layout(
        locale,
        Some(("root", Role::Admin)),
        "/admin",
        say.it("管理", "Administration"),
    );
    if !busy {
        return admin::AdminPage {
            layout,
            engine: admin::EngineLine {
                ok: false,
                text: say.it("没有应答", "does not answer"),
                remedy: Some(say.it(
                    "运行 slipway doctor 查看缺什么。",
                    "Run slipway doctor to see what is missing.",
                )),
            },
            labs: vec![],
            needs: vec![],
            images: vec![],
            sandboxes: vec![],
            submissions: vec![],
            users: None,
        };
    }
    let needs_of = |id: &str, title, needs| admin::AdminNeeds {
        course: slug("go-docker-k8s-mq"),
        id: slug(id),
        title,
        needs,
    };
    let user = |name: &str, role, may_change| admin::AdminUser {
        id: UserId::generate(),
        name: name.to_owned(),
        role,
        created_at: at(4000),
        may_change,
    };
    let sandbox = |state, end_reason| admin::AdminSandbox {
        id: SandboxId::generate(),
        learner: "张小明".to_owned(),
        lab: say.it("第一个容器", "Your first container"),
        state,
        end_reason,
        created_at: at(25),
        expires_at: Some(at(-20)),
        may_end: state != SandboxState::Ended,
    };
    admin::AdminPage {
        layout,
        engine: admin::EngineLine {
            ok: true,
            text: "Docker Engine 20.10.24 · overlay2 · cgroup v1".to_owned(),
            remedy: None,
        },
        labs: vec![
            admin::AdminLab {
                course: slug("go-docker-k8s-mq"),
                id: slug("docker-first-container"),
                title: say.it("第一个容器", "Your first container"),
                published_at: Some(at(300)),
                problems: vec![],
            },
            admin::AdminLab {
                course: slug("go-docker-k8s-mq"),
                id: slug("rabbitmq-first-queue"),
                title: say.it("第一个队列", "Your first queue"),
                published_at: None,
                problems: vec![admin::Problem {
                    file: "go-docker-k8s-mq/mq/rabbitmq-first-queue/lab.yaml".to_owned(),
                    line: Some(14),
                    message: say.it("字段 `pionts` 不存在。", "There is no field `pionts`."),
                    remedy: Some(say.it("是否想写 `points`？", "Did you mean `points`?")),
                    warning: false,
                }],
            },
        ],
        needs: vec![
            needs_of(
                "docker-first-container",
                say.it("第一个容器", "Your first container"),
                lab_needs(locale, true),
            ),
            needs_of(
                "rabbitmq-first-queue",
                say.it("第一个队列", "Your first queue"),
                lab_needs(locale, false),
            ),
            needs_of("greet", HOSTILE.to_owned(), Needs::Unknown),
        ],
        images: vec![
            image("desk", ImageState::Ready, None, ""),
            image(
                "rabbitmq",
                ImageState::Building,
                Some(40),
                "Step 3/7 : RUN apt-get update",
            ),
            image("go", ImageState::Failed, None, HOSTILE),
        ],
        sandboxes: vec![
            sandbox(SandboxState::Ready, None),
            sandbox(SandboxState::Queued, None),
            sandbox(SandboxState::Ended, Some(EndReason::Expired)),
        ],
        submissions: vec![admin::AdminSubmission {
            id: SubmissionId::generate(),
            learner: "张小明".to_owned(),
            lab: say.it("第一个容器", "Your first container"),
            step: say.it("构建镜像", "Build an image"),
            at: at(12),
            state: SubmissionState::Graded,
            score: score(10, 15),
            results: vec![
                admin::AdminResult {
                    check: say.it("镜像已存在", "The image exists"),
                    outcome: Outcome::Passed,
                    trust: Trust::Outside,
                    evidence: "sha256:3b1f…".to_owned(),
                    duration_ms: 41,
                },
                admin::AdminResult {
                    check: say.it("服务有应答", "The service answers"),
                    outcome: Outcome::Failed,
                    trust: Trust::Inside,
                    evidence: HOSTILE.to_owned(),
                    duration_ms: 210,
                },
            ],
        }],
        users: Some(vec![
            user("root", Role::Admin, false),
            user("张小明", Role::Student, true),
            user("ada.lovelace", Role::Instructor, true),
        ]),
    }
}

fn error(locale: Locale) -> error::ErrorPage {
    let say = Say(locale);
    error::ErrorPage {
        layout: layout(
            locale,
            None,
            "/courses/nope",
            say.it("找不到页面", "Not found"),
        ),
        status: 404,
        what: say.it("没有这个页面", "There is no such page"),
        why: say.it(
            "地址可能写错了，或者课程已经改名。",
            "The address may be mistyped, or the course has been renamed.",
        ),
        remedy: say.it(
            "回到课程列表，从那里再找一次。",
            "Go back to the list of courses and look for it from there.",
        ),
        action: None,
        request_id: "01939b2c-6d1e-7cc3-a1d0-2b6f9e6f4a10".to_owned(),
    }
}
