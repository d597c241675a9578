// The table of container arguments, with how each is handled: those of docker, which the web page asks for, and of Singularity.

/** `sometimes`: the next argument is the value unless it begins with a dash. */
export type Takes = 'nothing' | 'value' | 'sometimes';

export type Handling =
  /** Set as a variable in the container. */
  | 'environment'
  /** Mounted, if the configuration allows it. */
  | 'mount'
  /** Passed to Singularity unchanged. */
  | 'passed'
  /** Ignored, with a line in the task's console. */
  | 'dropped'
  /** The task fails before anything is submitted. */
  | 'refused';

export interface ArgumentRow {
  readonly names: readonly string[];
  readonly takes: Takes;
  readonly handling: Handling;
  /** Completes a sentence; empty for arguments that have an effect. */
  readonly reason: string;
}

const SHARED = 'the container uses the host name, network, memory and processes of its node';
const NO_TMPFS = 'a task can mount only files and directories of the node';
const LIMITS = 'Slurm sets the limits of the job';
const NO_SERVICE = 'the container is not a service: it ends with the task';
const RIGHTS = 'the container has the permissions of the user of the job, and no others';
const IMAGE = 'the image is read-only';
const ISOLATES = 'the agent inside the container needs the variables and directories of the job';

/** If both have an option of the same name, docker's meaning applies. Any other argument is refused. */
export const ARGUMENTS: readonly ArgumentRow[] = [
  row(['-e', '--env'], 'value', 'environment', ''),
  row(['-v', '--volume', '-B', '--bind', '--mount'], 'value', 'mount', ''),
  row(['--nv', '--nvccli', '--rocm', '--writable-tmpfs', '--no-home', '--no-init'], 'nothing', 'passed', ''),

  row(['--gpus'], 'value', 'dropped', 'the container sees the GPUs that Slurm gave the job'),
  row(['--ipc', '--net', '--network', '--pid', '--uts'], 'sometimes', 'dropped', SHARED),
  row(['--shm-size', '--dns', '--add-host', '-h', '--hostname'], 'value', 'dropped', SHARED),
  row(['--tmpfs'], 'value', 'dropped', NO_TMPFS),
  row(['-m', '--memory', '--memory-swap', '--memory-reservation'], 'value', 'dropped', LIMITS),
  row(['--cpus', '-c', '--cpu-shares', '--cpuset-cpus', '--ulimit', '--pids-limit'], 'value', 'dropped', LIMITS),
  row(
    ['-w', '--workdir', '--cwd', '--pwd'],
    'value',
    'dropped',
    "the agent runs the task in the directory of the task's code",
  ),
  row(['--rm', '-i', '-t', '-it', '-ti', '-d', '--interactive', '--tty'], 'nothing', 'dropped', NO_SERVICE),
  row(['--detach', '--init', '-P', '--publish-all'], 'nothing', 'dropped', NO_SERVICE),
  row(['--name', '-l', '--label', '--restart', '-p', '--publish', '--expose'], 'value', 'dropped', NO_SERVICE),
  row(['--pull', '--platform', '--runtime', '--log-driver', '--log-opt'], 'value', 'dropped', NO_SERVICE),

  row(['--privileged', '--allow-setuid', '--keep-privs', '--fakeroot'], 'nothing', 'refused', RIGHTS),
  row(['--cap-add', '--cap-drop', '--add-caps', '--drop-caps', '--security'], 'value', 'refused', RIGHTS),
  row(['--security-opt', '--device', '-u', '--user', '--userns'], 'sometimes', 'refused', RIGHTS),
  row(['--group-add', '--cgroup-parent', '--apply-cgroups'], 'value', 'refused', RIGHTS),
  row(['--writable', '--read-only'], 'nothing', 'refused', IMAGE),
  row(['--overlay', '--volumes-from', '--fusemount', '--entrypoint'], 'value', 'refused', IMAGE),
  row(['--cleanenv', '--contain', '--containall', '--no-eval'], 'nothing', 'refused', ISOLATES),
  row(['--env-file', '--home', '--scratch', '--no-mount'], 'value', 'refused', ISOLATES),
];

function row(names: readonly string[], takes: Takes, fate: Handling, because: string): ArgumentRow {
  return { names, takes, handling: fate, reason: because };
}
