// Lists the environment variables that the job script reads and sets, for docs/job-script.md.

/** One row of the table: variables with one meaning. */
export interface JobVariables {
  readonly names: readonly string[];
  readonly meaning: string;
}

/** What a template may export before PRE_SETUP. */
export const READ_BY_JOB: readonly JobVariables[] = [
  {
    names: ['PATH'],
    meaning:
      'Searched for `python3`, `python` and `clearml-agent`, unless `agent.slurm.python` names a Python with clearml-agent. Relative elements are ignored.',
  },
  {
    names: ['SLURM_TMPDIR', 'TMPDIR'],
    meaning:
      "Parent of the job's private directory: the first of these that is writable and trusted, otherwise `/tmp`.",
  },
  {
    names: ['CLEARML_CONFIG_FILE'],
    meaning:
      'The `clearml.conf` on the node, by default `~/clearml.conf`. No effect with `agent.slurm.shared_dir`, unless `agent.slurm.user_map` is set.',
  },
  {
    names: ['CLEARML_API_HOST', 'CLEARML_API_ACCESS_KEY', 'CLEARML_API_SECRET_KEY', 'CLEARML_AUTH_TOKEN'],
    meaning: 'The address of the API, and a key pair or a token, for a node without `clearml.conf`.',
  },
  {
    names: ['http_proxy', 'https_proxy', 'no_proxy', 'REQUESTS_CA_BUNDLE', 'SSL_CERT_FILE', 'CURL_CA_BUNDLE'],
    meaning: 'Proxy settings for the ClearML server, and files of trusted certificates. Containers get them too.',
  },
  {
    names: ['CLEARML_AGENT_INITIAL_CONNECT_RETRY_OVERRIDE'],
    meaning:
      'Attempts to reach the server before the agent gives up. Default: 14, from `agent.slurm.grace.server_sec` (15 minutes).',
  },
  {
    names: ['CLEARML_MULTI_NODE_SINGLE_TASK'],
    meaning:
      'Machine-monitoring plots (CPU, GPU, memory) of a multi-node task. 1 (default): one for each node; 2: one with a line for each node.',
  },
  {
    names: ['MASTER_ADDR', 'MASTER_PORT'],
    meaning: 'Rendezvous address of a multi-node task. Default: the first node and a free port.',
  },
  {
    names: ['CUDA_VISIBLE_DEVICES', 'ROCR_VISIBLE_DEVICES'],
    meaning: 'Set by Slurm. From them, the job chooses between NVIDIA and AMD GPUs for a container.',
  },
  {
    names: ['GIT_CEILING_DIRECTORIES'],
    meaning: 'Directories above which `git` does not search for a repository.',
  },
  {
    names: ['SSH_AUTH_SOCK'],
    meaning: 'The ssh-agent for containers, if `agent.slurm.container_ssh` is true.',
  },
  {
    names: ['APPTAINER_CACHEDIR', 'SINGULARITY_CACHEDIR', 'APPTAINER_TMPDIR', 'SINGULARITY_TMPDIR'],
    meaning:
      'Where Apptainer caches and unpacks image layers. Default: beside the image in `agent.slurm.image_cache_dir`, if that is set.',
  },
  {
    names: ['RANK'],
    meaning:
      'On one node, the agent uses it as the rank, instead of `SLURM_PROCID`. On several nodes, a `RANK` that differs from `SLURM_PROCID` is unset.',
  },
];

/** What PRE_SETUP exports. */
export const SET_BY_JOB: readonly JobVariables[] = [
  {
    names: ['CLEARML_SLURM_JOB_FOLDER'],
    meaning: 'The private directory of the job on this node, removed when the script ends.',
  },
  { names: ['CLEARML_CONFIG_FILE'], meaning: "The job's `clearml.conf` in the private directory, mode 0600." },
  {
    names: ['GIT_CEILING_DIRECTORIES'],
    meaning: 'As exported, plus the parent of the private directory.',
  },
  { names: ['CLEARML_SLURM_PYTHON'], meaning: 'The Python that has clearml-agent.' },
  {
    names: ['CLEARML_AGENT__AGENT__VENVS_DIR'],
    meaning:
      "Where the agent creates the task's Python environment: the private directory. To keep the environment, export another directory after CLEARML_PRE_SETUP.",
  },
  {
    names: ['CLEARML_WORKER_ID'],
    meaning:
      "The worker's name: the daemon's name plus the job id and, on several nodes, the rank. Write it without braces: `${CLEARML_WORKER_ID}` is a placeholder for the daemon's name.",
  },
  { names: ['CLEARML_AGENT_PROPAGATE_EXITCODE'], meaning: "1: the agent exits with the task's exit code." },
  {
    names: ['NODE_RANK', 'WORLD_SIZE'],
    meaning: 'On several nodes: the number of this node, from 0, and the number of nodes.',
  },
  { names: ['CLEARML_DOCKER_IMAGE'], meaning: 'In a container: the image, as the task names it.' },
  {
    names: ['PYTHONNOUSERSITE', 'CLEARML_AGENT__AGENT__PACKAGE_MANAGER__SYSTEM_SITE_PACKAGES'],
    meaning: "In a container: 1 and true, so that Python uses the image's packages and none of `~/.local`.",
  },
  {
    names: ['CLEARML_SLURM_CONFIGURATION', 'CLEARML_SLURM_RANK_NAMES', 'CLEARML_SLURM_SET_UP'],
    meaning: 'Used by the blocks only.',
  },
];
