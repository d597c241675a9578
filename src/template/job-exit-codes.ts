// The exit codes with which a job script ends by itself, and what each of them means to a person.

export interface JobExitCode {
  /** What Slurm shows as the job's exit code. A task's own program may end with the same number by chance. */
  readonly code: number;
  /** What is wrong: a sentence that may stand after "job 4711 ended on n1:". */
  readonly says: string;
  /** What to do about it. */
  readonly advice: string;
}

/** Read by the job script, which prints the words; by the glue, which acts on the code; and by the documentation. */
export const JOB_EXIT_CODES = {
  gateClosed: {
    code: 201,
    says: 'this job does not run the task, because the task no longer waits for a job.',
    advice: 'There is nothing to do: another job has it, or it was taken out of its queue.',
  },
  serverUnreachable: {
    code: 202,
    says: 'this node can not reach the ClearML server.',
    advice:
      'Try "srun curl -sS" with its address in this partition; ' +
      'if the site has a proxy, export https_proxy in the template before CLEARML_PRE_SETUP.',
  },
  serverAway: {
    code: 215,
    says: 'the ClearML server did not answer, though its machine can be reached.',
    advice:
      'Look whether the server runs, and enqueue the task again when it does. ' +
      'How long a job waits for it is agent.slurm.grace.server_sec.',
  },
  noPython: {
    code: 203,
    says: 'this node has no Python with clearml-agent, and none could be made.',
    advice:
      'Load Python in the template before CLEARML_PRE_SETUP (module load, or source a conda environment), ' +
      'or install clearml-agent in the Python that the job finds first.',
  },
  noConfiguration: {
    code: 204,
    says: 'this node has no clearml.conf for the job.',
    advice:
      'Put one into the home folder of the job, or set agent.slurm.shared_dir to a folder that the nodes share. ' +
      'A container that Pyxis makes sees neither unless it is mounted there.',
  },
  serverRefused: {
    code: 205,
    says: 'the ClearML server did not accept what this node asked.',
    advice: 'Check that api_server and the credentials in the clearml.conf of the job belong together.',
  },
  noJobFolder: {
    code: 206,
    says: 'this node has no place for a private folder.',
    advice: 'Export TMPDIR in the template before CLEARML_PRE_SETUP, with a folder of the node that can be written.',
  },
  containerBlind: {
    code: 207,
    says: 'the container does not see the variables or the folder of the job.',
    advice:
      'Take --cleanenv, --contain, --containall and --no-mount away from the command before CLEARML_AGENT_EXECUTE.',
  },
  containerNotStarted: {
    code: 208,
    says: 'the container could not be started.',
    advice:
      'The lines before this one are of singularity itself. Check the name of the image, that this node reaches its ' +
      'registry, that bash is in it, and that singularity is on the PATH here (module load in the template).',
  },
  rankWithoutSrun: {
    code: 209,
    says: 'the job has several nodes, and srun is not in the container to start the agents on them.',
    advice: 'Write srun in front of singularity exec in the template.',
  },
  untrustedPath: {
    code: 211,
    says: 'other users can change a file or folder that this job trusts.',
    advice:
      'Take the right to write from others (chmod go-w), or name a folder of your own. For a folder of a project set ' +
      'agent.slurm.trusted_group: the members of that group can then run code as you.',
  },
  imageNotPulled: {
    code: 210,
    says: 'the image of the container could not be pulled.',
    advice:
      'Check its name and tag, and that this node reaches the registry. Where that wants a login, run "apptainer ' +
      'registry login" as the user of the job; where it is out of reach, put the image as a file into agent.slurm.image_dir.',
  },
  noPythonInImage: {
    code: 212,
    says: 'the image of the container has no Python with clearml-agent, and none could be made.',
    advice:
      'Name an image that has Python 3 and pip, such as python:3.12 or one of NGC, or install them in the set-up script ' +
      'of the container.',
  },
} as const satisfies Record<string, JobExitCode>;

/** What a job's exit code means, where it is one of ours. */
export function findJobExit(code: number): JobExitCode | undefined {
  return Object.values(JOB_EXIT_CODES).find((known) => known.code === code);
}
