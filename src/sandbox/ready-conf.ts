// What a person needs to use a sandbox at once: a clearml.conf, and lines for a shell that enqueue a first task.
import { quoteWord } from '../base/shell-word.ts';

export interface SandboxAccess {
  /** Without a slash at its end. */
  readonly url: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/**
 * A clearml.conf that clearml-agent, the clearml SDK and this program read alike.
 * @param filesFolder an absolute path: artifacts go there, as the sandbox itself stores no files
 */
export function formatReadyConf(access: SandboxAccess, filesFolder: string): string {
  return `# A sandbox stands behind this address: nothing in it is kept unless it was started with --state.
api {
    web_server: ${quoteHocon(access.url)}
    api_server: ${quoteHocon(access.url)}
    files_server: ${quoteHocon(`file://${filesFolder}`)}
    credentials {
        access_key: ${quoteHocon(access.accessKey)}
        secret_key: ${quoteHocon(access.secretKey)}
    }
}
`;
}

/**
 * Lines for any POSIX shell: they make a task that needs neither git nor pip, and enqueue it. The keys are read from the file each
 * time, and go to curl by a pipe: what stands on a command line is shown to every user by ps.
 * They are the real API: with another file they work on a real server too.
 * @param configFile where the clearml.conf of `formatReadyConf` is
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
    // The envelope has an id of its own, so only the one after "data" will do.
    `  sed 's/.*"data": *{"id": *"\\([0-9a-f]*\\)".*/\\1/')`,
    `ask ${quoteWord(`${url}/tasks.enqueue`)} \\`,
    `  -d ${quoteWord(`{"queue_name": ${JSON.stringify(queueName)}, "task": "`)}"$task"'"}'`,
  ];
}

/** A HOCON string is a JSON string. */
function quoteHocon(text: string): string {
  return JSON.stringify(text);
}
