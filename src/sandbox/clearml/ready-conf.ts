// What a person needs to use a sandbox at once: a clearml.conf, and lines for a shell that enqueue a first task.
import { quoteWord } from '../../base/shell-word.ts';

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

const FIRST_TASK = {
  name: 'first task',
  type: 'training',
  script: {
    binary: 'python3',
    entry_point: 'first_task.py',
    working_dir: '.',
    diff: 'import socket\nprint("hello from", socket.gethostname())\n',
  },
};

/**
 * Two lines for any POSIX shell: the first makes a task that needs neither git nor pip, the second enqueues it.
 * They are the real API: with other keys and another address they work on a real server too.
 */
export function formatFirstTaskLines(access: SandboxAccess, queueName: string): string[] {
  const call = `curl -sS -u ${quoteWord(`${access.accessKey}:${access.secretKey}`)}`;
  const post = (endpoint: string): string => `${call} ${quoteWord(`${access.url}/${endpoint}`)} -d`;
  // The envelope has an id of its own, so only the one after "data" will do.
  const readId = `sed 's/.*"data": *{"id": *"\\([0-9a-f]*\\)".*/\\1/'`;
  const enqueue = JSON.stringify({ task: 'TASK', queue_name: queueName });
  const [before = '', after = ''] = enqueue.split('TASK');
  return [
    `task=$(${post('tasks.create')} ${quoteWord(JSON.stringify(FIRST_TASK))} | ${readId})`,
    `${post('tasks.enqueue')} ${quoteWord(before)}"$task"${quoteWord(after)}`,
  ];
}

/** A HOCON string is a JSON string. */
function quoteHocon(text: string): string {
  return JSON.stringify(text);
}
