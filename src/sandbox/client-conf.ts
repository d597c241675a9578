// Writes a clearml.conf for a sandbox, and a shell command that enqueues a first task.
import { quoteWord } from '../base/shell-word.ts';

export interface SandboxAccess {
  /** Without a final slash. */
  readonly url: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/**
 * A clearml.conf for clearml-agent, the ClearML SDK and this program.
 * @param filesServer the URL that artifacts are uploaded to; a sandbox is also a files server
 */
export function formatClientConf(access: SandboxAccess, filesServer = access.url): string {
  return `# The address of a sandbox, which keeps its data only if started with --state.
api {
    web_server: ${quoteHocon(access.url)}
    api_server: ${quoteHocon(access.url)}
    files_server: ${quoteHocon(filesServer)}
    credentials {
        access_key: ${quoteHocon(access.accessKey)}
        secret_key: ${quoteHocon(access.secretKey)}
    }
}
`;
}

/** The lines below `if True:` may be indented further, so the command also works as the sandbox prints it. */
const FIRST_TASK = String.raw`if True:
  import base64, json, re, sys, urllib.request
  url, queue, conf = sys.argv[1:]
  keys = [json.loads(key) for key in re.findall("_key: (.*)", open(conf).read())]
  headers = {"Content-Type": "application/json",
    "Authorization": "Basic " + base64.b64encode(":".join(keys).encode()).decode()}
  def ask(call, **data):
    request = urllib.request.Request(url + "/" + call, json.dumps(data).encode(), headers)
    return json.load(urllib.request.urlopen(request))["data"]
  task = ask("tasks.create", name="first task", type="training", script={
    "binary": "python3", "entry_point": "first_task.py", "working_dir": ".",
    "diff": "import socket\nprint(\"hello from\", socket.gethostname())\n"})["id"]
  ask("tasks.enqueue", queue_name=queue, task=task)
  print("Enqueued", task)`;

/**
 * A command for any POSIX shell with Python 3 that creates and enqueues a task without git or pip. It reads the keys from the
 * file, because ps shows command lines to every user. It works on a real server too.
 * @param configFile the clearml.conf of `formatClientConf`
 */
export function formatFirstTaskLines(
  { url }: Pick<SandboxAccess, 'url'>,
  configFile: string,
  queueName: string,
): string[] {
  return `python3 -c ${quoteWord(FIRST_TASK)} \\\n  ${[url, queueName, configFile].map(quoteWord).join(' ')}`.split(
    '\n',
  );
}

/** A HOCON string is a JSON string. */
function quoteHocon(text: string): string {
  return JSON.stringify(text);
}
