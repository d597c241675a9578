// Defines the exit codes of the job script, each with its meaning and remedy, and recognizes an exit code that stands for a signal.
export interface JobExitCode {
  /** What Slurm shows as the job's exit code. A task's own program may end with the same number by chance. */
  readonly code: number;
  /** The error, as a sentence that may follow "job 4711 ended on n1:". */
  readonly meaning: string;
  /** The remedy. */
  readonly advice: string;
}

/** The job script prints the texts, the daemon acts on the codes, and the documentation lists both. */
export const JOB_EXIT_CODES = {
  gateClosed: {
    code: 201,
    meaning: 'this job does not run the task, because the task is no longer waiting for a job.',
    advice: 'You need not do anything: another job runs the task, or a user removed the task from its queue.',
  },
  serverUnreachable: {
    code: 202,
    meaning: 'this node cannot reach the ClearML server.',
    advice:
      'To test the connection, run "srun curl -sS URL" in this partition, with the address of the ClearML server. ' +
      'If the site has a proxy, export https_proxy in the template before CLEARML_PRE_SETUP.',
  },
  serverAway: {
    code: 215,
    meaning: 'the ClearML server did not respond, although its machine can be reached.',
    advice:
      'If the server is down, start it; then enqueue the task again. ' +
      'agent.slurm.grace.server_sec sets how long a job waits for the server.',
  },
  noPython: {
    code: 203,
    meaning: 'this node has no Python with clearml-agent, and none could be installed.',
    advice:
      'Load Python in the template before CLEARML_PRE_SETUP (module load, or activate a conda environment), ' +
      'or install clearml-agent for the first Python in the PATH of the job.',
  },
  noConfiguration: {
    code: 204,
    meaning: 'this node has no clearml.conf for the job.',
    advice:
      'Put a clearml.conf into the home directory of the job user. If agent.slurm.user_map is not set, you can instead set ' +
      'agent.slurm.shared_dir to a directory that the nodes share. ' +
      'With Pyxis, the container must mount the home directory or the shared directory.',
  },
  serverRefused: {
    code: 205,
    meaning: 'the ClearML server rejected the request of this node.',
    advice: 'Check that api_server and the credentials in the clearml.conf of the job belong to the same server.',
  },
  noJobFolder: {
    code: 206,
    meaning: 'this node has no directory in which the job can create its private directory.',
    advice: 'In the template, before CLEARML_PRE_SETUP, set TMPDIR to a writable directory of the node and export it.',
  },
  containerBlind: {
    code: 207,
    meaning: 'the container does not see the variables or the private directory of the job.',
    advice: 'Remove --cleanenv, --contain, --containall and --no-mount from the command before CLEARML_AGENT_EXECUTE.',
  },
  containerNotStarted: {
    code: 208,
    meaning: 'the container could not be started.',
    advice:
      'The lines above this message in the log are the output of singularity. Check that the image name is right, that this node reaches the ' +
      'registry, that the image contains bash, and that singularity is in PATH (module load in the template).',
  },
  rankWithoutSrun: {
    code: 209,
    meaning: 'the job has several nodes, and the container has no srun to start the agents on them.',
    advice: 'Write srun before singularity exec in the template.',
  },
  untrustedPath: {
    code: 211,
    meaning: 'other users can change a file or directory that this job must trust.',
    advice:
      'Make the file or directory writable only by you (chmod go-w), or use another one. For a directory that your group must be able to write to, set ' +
      'agent.slurm.trusted_group: the members of that group can then run code as you.',
  },
  imageNotPulled: {
    code: 210,
    meaning: 'the container image could not be pulled.',
    advice:
      'Check its name and tag, and that this node reaches the registry. If the registry requires a login, run "apptainer ' +
      'registry login docker://REGISTRY" as the job user. If the node cannot reach the registry, put the image file into agent.slurm.image_dir.',
  },
  noPythonInImage: {
    code: 212,
    meaning: 'the container image has no Python with clearml-agent, and none could be installed.',
    advice:
      'Use an image with Python 3 and pip, such as python:3.12 or an NGC image. You can also install both in the set-up ' +
      'script of the container.',
  },
} as const satisfies Record<string, JobExitCode>;

/** The meaning of a job's exit code, if it is one of these. */
export function findJobExit(code: number): JobExitCode | undefined {
  return Object.values(JOB_EXIT_CODES).find((known) => known.code === code);
}

/** Signals that end programs which do not expect them. An exit code of 255 is no SIGHUP: programs return -1 for any error. */
const SIGNALS: Readonly<Record<number, string>> = {
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
};

/** Returns the signal that ended a program: a shell then returns 128 plus its number, and clearml-agent minus its number, modulo 256. */
export function findExitSignal(exitCode: number): string | undefined {
  return SIGNALS[exitCode - 128] ?? SIGNALS[256 - exitCode];
}
