// Known error messages of git, pip, proxies, TLS and containers in a job's log, with their cause and advice.

interface LogPattern {
  /**
   * The message to find. No unbounded repetition may match across the text in front of it: on a log that repeats that text, the search
   * would take quadratic time.
   */
  readonly pattern: RegExp;
  /** Text that must precede the message, on the same line or anywhere in the log. */
  readonly after?: { readonly text: string; readonly within: 'line' | 'log' };
  /** What the message means; here and in the advice, `$1` is the first capture group. */
  readonly cause: string;
  readonly advice: string;
}

const GIT_KEYS = 'set agent.git_user and agent.git_pass (a token) in the clearml.conf of the jobs';
const ROUTE = 'if the nodes need a proxy, export http_proxy and https_proxy in the template before CLEARML_PRE_SETUP';

const NO_REPOSITORY = {
  cause: 'the git repository does not exist, or the git account of the node is not allowed to read it',
  advice: `check the URL of the repository in the task, and ${GIT_KEYS}`,
};
const NO_COMMIT = {
  cause: "the task's branch or commit is not in the git repository",
  advice: 'push the branch or commit, then enqueue the task again',
};
const NOT_IMPORTED = { text: 'failed to import docker image', within: 'log' } as const;

const IN_FILE = 'keep the image in a file ("enroot import -o FILE docker://NAME:TAG") and name the file in the task';

const IMAGE_NAME = "check the name and the tag in the task's container image";
const IMAGE_FILE = 'check the path of the image file in the task; its directory must exist on the nodes';

/** The first match counts, so a specific message comes before a general one. */
export const LOG_PATTERNS: readonly LogPattern[] = [
  {
    pattern: /Host key verification failed/,
    cause: 'the node does not know the host key of the git server',
    advice: `add the key to ~/.ssh/known_hosts on the nodes (ssh-keyscan HOST), or clone over HTTPS: ${GIT_KEYS}`,
  },
  {
    pattern: /Permission denied \(publickey/,
    cause: 'the git server rejects the SSH keys of the node',
    advice: `add an accepted key to ~/.ssh on the nodes, or clone over HTTPS: ${GIT_KEYS}`,
  },
  {
    pattern: /could not read (?:Username|Password) for '\w+:\/\/(?:[^@'/]*@)?([^'/]+)/,
    cause: 'git has no user name and password for $1',
    advice: GIT_KEYS,
  },
  {
    pattern: /fatal: Authentication failed for '\w+:\/\/(?:[^@'/]*@)?([^'/]+)/,
    cause: 'the git server $1 rejects the user name or password',
    advice: `${GIT_KEYS}; the token may have expired`,
  },
  {
    after: { text: 'fatal: unable to access ', within: 'line' },
    pattern: /The requested URL returned error: (40[13])/,
    cause: 'the git server does not let the node read the repository ($1)',
    advice: GIT_KEYS,
  },
  {
    after: { text: "fatal: repository '", within: 'line' },
    pattern: /' not found/,
    ...NO_REPOSITORY,
  },
  {
    pattern: /does not appear to be a git repository|ERROR: Repository not found/,
    ...NO_REPOSITORY,
  },
  {
    after: { text: 'Remote branch ', within: 'line' },
    pattern: / not found/,
    ...NO_COMMIT,
  },
  {
    pattern: /couldn't find remote ref|reference is not a tree|not our ref|unadvertised object/,
    ...NO_COMMIT,
  },
  {
    pattern: /patch does not apply|Failed applying diff/,
    cause: "the uncommitted changes do not apply to the task's commit",
    advice: 'commit and push the changes, then create the task again',
  },
  {
    pattern: /ProxyError\(|Could not resolve proxy|from proxy after CONNECT|proxyconnect tcp/,
    cause: 'the HTTP proxy of the node does not work',
    advice: 'check http_proxy, https_proxy and no_proxy on the node, and in the template',
  },
  {
    pattern:
      /CERTIFICATE_VERIFY_FAILED|server certificate verification failed|SSL certificate problem|x509: certificate/,
    cause: 'the node does not trust the certificate of a server',
    advice:
      "before CLEARML_PRE_SETUP, export REQUESTS_CA_BUNDLE, SSL_CERT_FILE and GIT_SSL_CAINFO with the site's CA file; if the login profile sets them, start the template with #!/bin/bash -l instead",
  },
  {
    after: NOT_IMPORTED,
    pattern: /404 Not Found|manifest unknown/,
    cause: 'Pyxis found no image with this name and tag in the registry',
    advice: `${IMAGE_NAME}; Pyxis expects REGISTRY#NAME:TAG, and uses Docker Hub if no registry is given`,
  },
  {
    after: NOT_IMPORTED,
    pattern: /40[13] (?:Unauthorized|Forbidden)|authentication required|access denied/i,
    cause: 'the registry denies Pyxis access to the image',
    advice:
      'check the image name; if the registry requires a login, add the credentials to ~/.config/enroot/.credentials of the job user',
  },
  {
    after: NOT_IMPORTED,
    pattern: /Could not resolve host: ([\w.-]+)/,
    cause: 'Pyxis cannot resolve the registry name $1',
    advice: `check the image name; ${ROUTE}`,
  },
  {
    after: NOT_IMPORTED,
    pattern: /Failed to connect to ([\w.-]+)/,
    cause: 'Pyxis cannot connect to $1 to pull the image',
    advice: `check the image name; ${ROUTE}`,
  },
  {
    after: NOT_IMPORTED,
    pattern: /returned error(?: code)?: 429\b/,
    cause: 'this site has exceeded the pull limit of the registry, so Pyxis gets no image',
    advice: `add credentials for the registry to ~/.config/enroot/.credentials of the job user, or ${IN_FILE}`,
  },
  {
    after: NOT_IMPORTED,
    pattern: /returned error(?: code)?: (5\d\d)\b/,
    cause: 'the registry responded to Pyxis with HTTP status $1',
    advice: `enqueue the task again later, or ${IN_FILE}`,
  },
  {
    pattern: /Invalid image format: (\S+)/,
    cause: 'the file $1 is not an image, or is incomplete',
    advice: 'create the file again with "enroot import -o FILE docker://NAME:TAG"',
  },
  {
    after: { text: 'pyxis: failed to create container filesystem', within: 'log' },
    pattern: /No such file or directory: (\S+)/,
    cause: 'Pyxis found no image file $1 on a node',
    advice: IMAGE_FILE,
  },
  {
    pattern: /--container-mounts: source path does not exist: (\S+)/,
    cause: 'the container mounts $1, which does not exist on a node',
    advice:
      "check the mounts in the template and in the task; if $1 is the job's private directory, set TMPDIR to a directory that the nodes share and export it before CLEARML_PRE_SETUP",
  },
  {
    pattern: /execve\(\): bash: No such file or directory|bad interpreter\(\/(?:usr\/)?bin\/bash\)/,
    cause: 'the image has no bash',
    advice: 'use an image with bash; job scripts need it',
  },
  {
    pattern:
      /^environment: line \d{1,6}: srun: command not found|^env: (?:can't execute )?['‘]srun['’]: No such file or directory/m,
    cause: 'the job script needs srun to start the ranks on several nodes, but finds no srun',
    advice:
      'if the whole script runs in a container, use only one node; for several nodes, use --srun-delegation, with a function srun in the template that starts the container',
  },
  {
    after: { text: 'FATAL: ', within: 'line' },
    pattern: /(?:unauthorized|denied|authentication required)$/,
    cause: 'the registry denies Apptainer access to the image',
    advice:
      'check the image name; if the registry requires a login, run "apptainer registry login docker://REGISTRY" as the job user',
  },
  {
    pattern: /manifest unknown/,
    cause: 'Apptainer found no image with this name and tag in the registry',
    advice: IMAGE_NAME,
  },
  {
    pattern: /toomanyrequests/,
    cause: 'this site has exceeded the pull limit of the registry, so Apptainer gets no image',
    advice: 'log in to the registry, or keep the image in a file (agent.slurm.image_dir)',
  },
  {
    after: { text: 'FATAL: ', within: 'line' },
    pattern: /could not open image (\S+?):/,
    cause: 'Apptainer found no image file $1 on the node',
    advice: IMAGE_FILE,
  },
  {
    after: { text: 'Argument list too long', within: 'log' },
    pattern: /cannot ask the ClearML server whether to run the task: \S+ cannot be started/,
    cause:
      'a variable that the template exports is longer than 128 KB, or all of them together are too long, so that no program can start',
    advice:
      'in the template, do not export the variable, or write its value into a file and export the path of the file',
  },
  {
    pattern: /No space left on device|Disk quota exceeded/i,
    cause: 'a disk is full, or a quota is exceeded',
    advice:
      'remove old files, or export TMPDIR and APPTAINER_CACHEDIR in the template before CLEARML_PRE_SETUP with directories that have more space',
  },
  {
    pattern: /Could not resolve host|no such host|Name or service not known|Temporary failure in name resolution/,
    cause: 'the node cannot resolve the name of a server',
    advice: ROUTE,
  },
  {
    pattern:
      /Failed to establish a new connection|Failed to connect to|dial tcp|Network is unreachable|ConnectTimeoutError/,
    cause: 'the node cannot connect to a server',
    advice: ROUTE,
  },
  {
    pattern: /pyxis: failed to import docker image: (\S+)/,
    cause: 'Pyxis could not pull the image $1',
    advice:
      'see the enroot messages that follow in the log; check the image name, and that the nodes can reach the registry',
  },
  {
    pattern: /pyxis: (?:container start failed|failed to create container filesystem|couldn't start container)/,
    cause: 'Pyxis could not create or start the container',
    advice: 'see the enroot messages that follow in the log',
  },
  {
    pattern: /401 Error, Credentials not correct for \w+:\/\/([^/\s]+)/,
    cause: "the package index $1 rejects pip's user name or password",
    advice: 'check agent.package_manager.extra_index_url in the clearml.conf of the jobs',
  },
  {
    pattern: /No matching distribution found for (\S+)/,
    cause: "pip finds no version of $1 for the node's Python",
    advice: "correct the task's requirements, or load another Python version in the template before CLEARML_PRE_SETUP",
  },
  {
    pattern: /Failed building wheel for (\S+)|subprocess-exited-with-error/,
    cause: 'pip could not build a package from source',
    advice:
      'in the template, load a compiler and the libraries that the log names; or require a version that has a wheel',
  },
  {
    pattern: /version `(GLIBC\w*_[\d.]+)' not found/,
    cause: 'a program needs a newer system library than the node has ($1)',
    advice: 'use a version that was built for this system, or a container',
  },
  {
    pattern: /The following module\(s\) are unknown: "?([^\s"]+)|Unable to locate a modulefile for '(\S+)'/,
    cause: 'the template loads a module that the node does not have',
    advice: 'run "module avail" on a node, and correct the template',
  },
  {
    pattern:
      /error: (?:Exceeded job memory limit$|.{1,80} exceeded (?:virtual )?memory limit \(\d+ > \d+\), being killed)/m,
    cause: 'Slurm killed the program because it used more memory than its job requested',
    advice: 'request more memory with --mem',
  },
  {
    pattern: /CUDA out of memory|OutOfMemoryError: CUDA/,
    cause: 'the GPU ran out of memory; raising --mem does not help',
    advice: 'use a smaller batch size, or a GPU with more memory',
  },
  {
    pattern: /Found no NVIDIA driver|No CUDA GPUs are available|no CUDA-capable device/,
    cause: 'the program found no GPU',
    advice: 'request a GPU with --gres, in a partition that has GPUs',
  },
  {
    pattern: /^DONE: Running task '\w+', exit status -9$|^clearml: \S+: rank \d+ of \d+ ended with exit code 247$/m,
    cause: "the task's program was killed with SIGKILL, perhaps because the node ran out of memory",
    advice: 'request more memory with --mem, unless a user killed the program',
  },
  {
    pattern: /ModuleNotFoundError: No module named '([^']+)'/,
    cause: "the task's Python environment has no module $1",
    advice: "add the package of this module to the task's requirements",
  },
];

/**
 * Returns the cause of the failure and advice, in two sentences, or undefined if the log has no known message.
 * @param log the cleaned end of the job's log
 */
export function findLogAdvice(log: string): string | undefined {
  for (const row of LOG_PATTERNS) {
    const found = matchPattern(row, log);
    if (found === undefined) continue;
    const filled = (text: string): string => text.replace('$1', () => found[1] ?? '');
    return `The end of the job's log shows the cause: ${filled(row.cause)}. What to do: ${filled(row.advice)}.`;
  }
  return undefined;
}

/** Returns the match of one row. Each part of the log is searched once. */
export function matchPattern({ pattern, after }: LogPattern, log: string): RegExpExecArray | undefined {
  if (after === undefined) return pattern.exec(log) ?? undefined;
  for (const part of after.within === 'log' ? [log] : log.split('\n')) {
    const start = part.indexOf(after.text);
    const found = start === -1 ? null : pattern.exec(part.slice(start + after.text.length));
    if (found !== null) return found;
  }
  return undefined;
}
