// Writes a clearml.conf for a sandbox, and shell commands that enqueue a first task.
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

/**
 * Commands for any POSIX shell that create and enqueue a task without git or pip. They read the keys from the file and pass
 * them to curl through a pipe, because ps shows command lines to every user. They work on a real server too.
 * @param configFile the clearml.conf of `formatClientConf`
 */
export function formatFirstTaskLines(
  { url }: Pick<SandboxAccess, 'url'>,
  configFile: string,
  queueName: string,
): string[] {
  return [
    'ask() {',
    `  sed -n 's/^ *[a-z]*_key: "\\(.*\\)"/\\1/p' ${quoteWord(configFile)} | paste -s -d : - |`,
    `    sed 's/.*/user = "&"/' | curl -sS -K - "$@"`,
    '}',
    `task=$(ask ${quoteWord(`${url}/tasks.create`)} -d '{`,
    '"name": "first task", "type": "training", "script": {',
    '  "binary": "python3", "entry_point": "first_task.py", "working_dir": ".",',
    `  "diff": "import socket\\nprint(\\"hello from\\", socket.gethostname())\\n"}}' |`,
    // The envelope has an id too; the one after "data" is the task's.
    `  sed 's/.*"data": *{"id": *"\\([0-9a-f]*\\)".*/\\1/')`,
    `ask ${quoteWord(`${url}/tasks.enqueue`)} \\`,
    `  -d ${quoteWord(`{"queue_name": ${JSON.stringify(queueName)}, "task": "`)}"$task"'"}'`,
  ];
}

/** A HOCON string is a JSON string. */
function quoteHocon(text: string): string {
  return JSON.stringify(text);
}
