// Defines the exit codes of the job script, each with its meaning and remedy.

export interface JobExitCode {
  /** What Slurm shows as the job's exit code. A task's own program may end with the same number by chance. */
  readonly code: number;
  /** The error, as a sentence that may follow "job 4711 ended on n1:". */
  readonly says: string;
  /** The remedy. */
  readonly advice: string;
}

/** The job script prints the texts, the daemon acts on the codes, and the documentation lists both. */
export const JOB_EXIT_CODES = {
  gateClosed: {
    code: 201,
    says: 'this job does not run the task, because the task no longer waits for a job.',
    advice: 'Nothing to do: another job runs the task, or the task was removed from its queue.',
  },
  serverUnreachable: {
    code: 202,
    says: 'this node cannot reach the ClearML server.',
    advice:
      'In this partition, run "srun curl -sS URL" with the address of the ClearML server. ' +
      'If the site has a proxy, export https_proxy in the template before CLEARML_PRE_SETUP.',
  },
  serverAway: {
    code: 215,
    says: 'the ClearML server did not respond, although its machine can be reached.',
    advice:
      'Start the server if it is down, then enqueue the task again. ' +
      'agent.slurm.grace.server_sec sets how long a job waits for the server.',
  },
  noPython: {
    code: 203,
    says: 'this node has no Python with clearml-agent, and none could be installed.',
    advice:
      'Load Python in the template before CLEARML_PRE_SETUP (module load, or activate a conda environment), ' +
      'or install clearml-agent in the Python that the job finds first.',
  },
  noConfiguration: {
    code: 204,
    says: 'this node has no clearml.conf for the job.',
    advice:
      'Put one into the home directory of the job user, or set agent.slurm.shared_dir to a directory that the nodes share. ' +
      'With Pyxis, mount one of these into the container.',
  },
  serverRefused: {
    code: 205,
    says: 'the ClearML server rejected the request of this node.',
    advice: 'Check that api_server and the credentials in the clearml.conf of the job belong together.',
  },
  noJobFolder: {
    code: 206,
    says: 'this node has no place for the private directory of the job.',
    advice: 'Export TMPDIR in the template before CLEARML_PRE_SETUP, with a writable directory of the node.',
  },
  containerBlind: {
    code: 207,
    says: 'the container does not see the variables or the private directory of the job.',
    advice: 'Remove --cleanenv, --contain, --containall and --no-mount from the command before CLEARML_AGENT_EXECUTE.',
  },
  containerNotStarted: {
    code: 208,
    says: 'the container could not be started.',
    advice:
      'The preceding lines are the output of singularity. Check the name of the image, that this node reaches its ' +
      'registry, that the image contains bash, and that singularity is in PATH (module load in the template).',
  },
  rankWithoutSrun: {
    code: 209,
    says: 'the job has several nodes, and the container has no srun to start the agents on them.',
    advice: 'Write srun before singularity exec in the template.',
  },
  untrustedPath: {
    code: 211,
    says: 'other users can change a file or directory that this job must trust.',
    advice:
      'Make it writable only by you (chmod go-w), or name another directory. For a project directory, set ' +
      'agent.slurm.trusted_group: the members of that group can then run code as you.',
  },
  imageNotPulled: {
    code: 210,
    says: 'the container image could not be pulled.',
    advice:
      'Check its name and tag, and that this node reaches the registry. If the registry requires a login, run "apptainer ' +
      'registry login" as the job user. If it is unreachable, put the image as a file into agent.slurm.image_dir.',
  },
  noPythonInImage: {
    code: 212,
    says: 'the container image has no Python with clearml-agent, and none could be installed.',
    advice:
      'Name an image that has Python 3 and pip, such as python:3.12 or an NGC image, or install them in the set-up ' +
      'script of the container.',
  },
} as const satisfies Record<string, JobExitCode>;

/** The meaning of a job's exit code, if it is one of these. */
export function findJobExit(code: number): JobExitCode | undefined {
  return Object.values(JOB_EXIT_CODES).find((known) => known.code === code);
}
