// What the end of a job's log tells of why its task failed: known words of git, pip, proxies, TLS and containers, with what to do.

interface LogPattern {
  /**
   * What must be found. No part of it that repeats without bound can run over the words before it: on a log that holds these words
   * many times, that would take the square of its length.
   */
  readonly pattern: RegExp;
  /** What stands before them, with anything between: on the same line, or anywhere in the log. */
  readonly after?: { readonly text: string; readonly within: 'line' | 'log' };
  /** What the words mean; `$1` is what the expression caught. */
  readonly cause: string;
  readonly advice: string;
}

const GIT_KEYS = 'set agent.git_user and agent.git_pass (a token) in the clearml.conf of the jobs';
const ROUTE =
  'the nodes may have no way out of the cluster: export http_proxy and https_proxy in the template before CLEARML_PRE_SETUP, if the site has a proxy';

const NO_REPOSITORY = {
  cause: 'the git repository is not there, or may not be seen by whom the node logs in as',
  advice: `check its address in the task, and ${GIT_KEYS}`,
};
const NO_COMMIT = {
  cause: "the task's branch or commit is not in the git repository",
  advice: 'push it, then enqueue the task again',
};
const NOT_IMPORTED = { text: 'failed to import docker image', within: 'log' } as const;

const IMAGE_NAME = "check both in the task's container";

/** The first that is found counts: what is special stands before what follows from it. */
export const LOG_PATTERNS: readonly LogPattern[] = [
  {
    pattern: /Host key verification failed/,
    cause: "the node does not know the host key of the git server, so that the code can't be cloned",
    advice: `put that key into ~/.ssh/known_hosts where the nodes see it (ssh-keyscan HOST), or clone by https: ${GIT_KEYS}`,
  },
  {
    pattern: /Permission denied \(publickey/,
    cause: 'the git server accepts no ssh key that the node has',
    advice: `put a key into ~/.ssh where the nodes see it, or clone by https: ${GIT_KEYS}`,
  },
  {
    pattern: /could not read (?:Username|Password) for '\w+:\/\/(?:[^@'/]*@)?([^'/]+)/,
    cause: 'git has no user and password for $1',
    advice: GIT_KEYS,
  },
  {
    pattern: /fatal: Authentication failed for '\w+:\/\/(?:[^@'/]*@)?([^'/]+)/,
    cause: '$1 does not accept the user and password that git has',
    advice: `${GIT_KEYS}; tokens expire`,
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
    cause: 'the changes that were not committed do not fit the commit that the task names',
    advice: 'commit and push them, then make the task anew',
  },
  {
    pattern: /ProxyError\(|Could not resolve proxy|from proxy after CONNECT|proxyconnect tcp/,
    cause: 'the proxy that the node is told to use does not answer as it should',
    advice: 'check http_proxy, https_proxy and no_proxy on the node, and in the template',
  },
  {
    pattern:
      /CERTIFICATE_VERIFY_FAILED|server certificate verification failed|SSL certificate problem|x509: certificate/,
    cause: 'the node does not trust the certificate of a server',
    advice:
      "export REQUESTS_CA_BUNDLE, SSL_CERT_FILE and GIT_SSL_CAINFO in the template before CLEARML_PRE_SETUP, with the site's CA file, or begin it with #!/bin/bash -l where the login profile does so",
  },
  {
    after: NOT_IMPORTED,
    pattern: /404 Not Found|manifest unknown/,
    cause: 'the registry has no image of this name and tag',
    advice: `${IMAGE_NAME}; Pyxis takes the registry as docker://REGISTRY#NAME:TAG, and Docker Hub where none is named`,
  },
  {
    after: NOT_IMPORTED,
    pattern: /40[13] (?:Unauthorized|Forbidden)|authentication required|access denied/i,
    cause: 'the registry does not give the image to whom the node logs in as',
    advice:
      'check the name of the image; where the registry wants a login, write it into ~/.config/enroot/.credentials as the user of the job',
  },
  {
    after: NOT_IMPORTED,
    pattern: /Could not resolve host: ([\w.-]+)/,
    cause: 'the node does not find the registry $1 by its name',
    advice: `check the name of the image; else ${ROUTE}`,
  },
  {
    pattern: /Invalid image format: (\S+)/,
    cause: 'the file $1 is no image, or is not whole',
    advice: 'make it again, as "enroot import -o FILE docker://NAME:TAG" does',
  },
  {
    after: { text: 'pyxis: failed to create container filesystem', within: 'log' },
    pattern: /No such file or directory: (\S+)/,
    cause: 'a node has no image file $1',
    advice: "check the image in the task's container, and that its folder is there on the nodes",
  },
  {
    pattern: /--container-mounts: source path does not exist: (\S+)/,
    cause: 'a node has no $1, which the container is to see',
    advice:
      "check the mounts of the template and of the task; where it is the job's folder, the nodes share no /tmp: export TMPDIR before CLEARML_PRE_SETUP, with a folder that they share",
  },
  {
    pattern: /execve\(\): bash: No such file or directory|bad interpreter\(\/(?:usr\/)?bin\/bash\)/,
    cause: 'the image has no bash',
    advice: 'name an image that has one; the scripts of jobs need it',
  },
  {
    after: { text: 'FATAL: ', within: 'line' },
    pattern: /(?:unauthorized|denied|authentication required)$/,
    cause: 'the registry does not give the image to whom the node logs in as',
    advice:
      'check the name of the image; where it wants a login, run "apptainer registry login" as the user of the job',
  },
  {
    pattern: /manifest unknown/,
    cause: 'the registry has no image of this name and tag',
    advice: IMAGE_NAME,
  },
  {
    pattern: /toomanyrequests/,
    cause: 'the registry has given this site as many images as it gives in this time',
    advice: 'log in there, or keep the image in a file (agent.slurm.image_dir)',
  },
  {
    after: { text: 'FATAL: ', within: 'line' },
    pattern: /could not open image (\S+?):/,
    cause: 'the node has no image file $1',
    advice: "check the image in the task's container, and that its folder is there on the nodes",
  },
  {
    pattern: /No space left on device|Disk quota exceeded/i,
    cause: 'a disk is full, or a quota is used up',
    advice:
      'let agent.venvs_dir, TMPDIR and APPTAINER_CACHEDIR be folders with more room than the home folder has, and remove what is old',
  },
  {
    pattern: /Could not resolve host|no such host|Name or service not known|Temporary failure in name resolution/,
    cause: 'the node does not find a server by its name',
    advice: ROUTE,
  },
  {
    pattern:
      /Failed to establish a new connection|Failed to connect to|dial tcp|Network is unreachable|ConnectTimeoutError/,
    cause: 'the node does not reach a server',
    advice: ROUTE,
  },
  {
    pattern: /pyxis: failed to import docker image: (\S+)/,
    cause: 'Pyxis could not pull the image $1',
    advice: 'see what enroot says behind that in the log; check the name, and that the nodes reach its registry',
  },
  {
    pattern: /pyxis: (?:container start failed|failed to create container filesystem|couldn't start container)/,
    cause: 'Pyxis could not make or start the container',
    advice: 'see what enroot says behind that in the log',
  },
  {
    pattern: /401 Error, Credentials not correct for \w+:\/\/([^/\s]+)/,
    cause: 'the package index $1 does not accept the password that pip has',
    advice: 'check agent.package_manager.extra_index_url in the clearml.conf of the jobs',
  },
  {
    pattern: /No matching distribution found for (\S+)/,
    cause: 'pip finds no $1 for the Python of the node',
    advice: "correct the task's requirements, or load another Python in the template before CLEARML_PRE_SETUP",
  },
  {
    pattern: /Failed building wheel for (\S+)|subprocess-exited-with-error/,
    cause: 'pip could not build a package from its source',
    advice: 'load a compiler and what else it names in the template, or require a version that has a wheel',
  },
  {
    pattern: /version `(GLIBC\w*_[\d.]+)' not found/,
    cause: 'a program was made for a newer system than the node has ($1)',
    advice: 'use one that was made for this system, or a container',
  },
  {
    pattern: /The following module\(s\) are unknown: "?([^\s"]+)|Unable to locate a modulefile for '(\S+)'/,
    cause: 'the node has no module that the template loads',
    advice: 'see what "module avail" lists on a node, and change the template',
  },
  {
    pattern: /CUDA out of memory|OutOfMemoryError: CUDA/,
    cause: 'the memory of the GPU is full, which is not the memory of the job',
    advice: 'use a smaller batch, or a GPU with more memory',
  },
  {
    pattern: /Found no NVIDIA driver|No CUDA GPUs are available|no CUDA-capable device/,
    cause: 'the program saw no GPU',
    advice: 'ask for one with --gres, in a partition that has them',
  },
  {
    pattern: /ModuleNotFoundError: No module named '([^']+)'/,
    cause: 'the Python of the task has no $1',
    advice: "add it to the task's requirements",
  },
];

/**
 * What is known of why the task failed, in two sentences; undefined where the log has none of the known words.
 * @param log its end, made fit for a console
 */
export function findLogAdvice(log: string): string | undefined {
  for (const trouble of LOG_PATTERNS) {
    const found = matchPattern(trouble, log);
    if (found === undefined) continue;
    const what = trouble.cause.replace('$1', () => found[1] ?? '');
    return `The end of the job's log tells why: ${what}. What to do: ${trouble.advice}.`;
  }
  return undefined;
}

/** What the words of one row caught in the log. Each part of the log is searched once. */
export function matchPattern({ pattern: words, after: behind }: LogPattern, log: string): RegExpExecArray | undefined {
  if (behind === undefined) return words.exec(log) ?? undefined;
  for (const part of behind.within === 'log' ? [log] : log.split('\n')) {
    const start = part.indexOf(behind.text);
    const found = start === -1 ? null : words.exec(part.slice(start + behind.text.length));
    if (found !== null) return found;
  }
  return undefined;
}
