// The environment variables of a job that mean something to its script: the one table of them, for the documentation.

/** One row: variables that belong together. */
export interface JobVariables {
  readonly names: readonly string[];
  readonly meaning: string;
}

/** What a template may export before PRE_SETUP. */
export const READ_BY_JOB: readonly JobVariables[] = [
  {
    names: ['PATH'],
    meaning:
      'Where `python3`, `python` and `clearml-agent` are looked for, when `agent.slurm.python` names no Python that has clearml-agent. Relative elements do not count.',
  },
  {
    names: ['SLURM_TMPDIR', 'TMPDIR'],
    meaning: "Where the job's private folder is made: the first that can be written, else `/tmp`.",
  },
  {
    names: ['CLEARML_CONFIG_FILE'],
    meaning: 'The `clearml.conf` on the node, where `agent.slurm.shared_dir` is not set. Else `~/clearml.conf`.',
  },
  {
    names: ['CLEARML_API_HOST', 'CLEARML_API_ACCESS_KEY', 'CLEARML_API_SECRET_KEY', 'CLEARML_AUTH_TOKEN'],
    meaning: 'In place of a `clearml.conf`: the address of the API, and two keys or a token.',
  },
  {
    names: ['http_proxy', 'https_proxy', 'no_proxy', 'REQUESTS_CA_BUNDLE', 'SSL_CERT_FILE', 'CURL_CA_BUNDLE'],
    meaning: "The node's way to the ClearML server, and files of the certificates to trust, which containers get too.",
  },
  {
    names: ['CLEARML_AGENT_INITIAL_CONNECT_RETRY_OVERRIDE'],
    meaning:
      'How often the agent tries to reach the server before the job fails. Default: as often as fits into `agent.slurm.grace.server_sec`; 14 for 15 minutes.',
  },
  {
    names: ['CLEARML_MULTI_NODE_SINGLE_TASK'],
    meaning:
      'How the machines of a task on several nodes are shown. Default: 1, a graph for each node; 2: one graph with a line for each node.',
  },
  {
    names: ['MASTER_ADDR', 'MASTER_PORT'],
    meaning: 'Where the nodes of a task meet. Default: the first node, and a port that is made from the job id.',
  },
  {
    names: ['CUDA_VISIBLE_DEVICES', 'ROCR_VISIBLE_DEVICES'],
    meaning: 'In a container: that GPUs are to be shown there, those of NVIDIA or of AMD. Slurm sets them.',
  },
  {
    names: ['GIT_CEILING_DIRECTORIES'],
    meaning: 'Folders above which `git` looks for no repository. The job adds one of its own.',
  },
  {
    names: ['SSH_AUTH_SOCK'],
    meaning: 'The ssh-agent that containers get where `agent.slurm.container_ssh` is true.',
  },
  {
    names: ['APPTAINER_CACHEDIR', 'SINGULARITY_CACHEDIR', 'APPTAINER_TMPDIR', 'SINGULARITY_TMPDIR'],
    meaning:
      'Where Apptainer keeps layers of images, and unpacks them. Default: beside the image in `agent.slurm.image_cache_dir`, if that is set.',
  },
  {
    names: ['RANK'],
    meaning:
      'On several nodes it is taken away where it is not the number of the node: it would make every agent the first.',
  },
];

/** What PRE_SETUP exports; the last row is for the steps of a job on several nodes. */
export const SET_BY_JOB: readonly JobVariables[] = [
  {
    names: ['CLEARML_SLURM_JOB_FOLDER'],
    meaning: 'The private folder of the job on this node. It is removed when the script ends.',
  },
  { names: ['CLEARML_CONFIG_FILE'], meaning: "The job's own `clearml.conf` in it, of mode 0600." },
  { names: ['CLEARML_SLURM_CONFIGURATION'], meaning: 'The file of which that is a copy; empty if there was none.' },
  {
    names: ['GIT_CEILING_DIRECTORIES'],
    meaning: 'Also the folder that the private folder is in: `git` takes nothing there for a repository.',
  },
  { names: ['CLEARML_SLURM_PYTHON'], meaning: 'The Python with clearml-agent.' },
  {
    names: ['CLEARML_SLURM_RANK_NAMES'],
    meaning: "With several nodes: eight characters for each rank, which are in its folder's name.",
  },
  {
    names: ['CLEARML_AGENT__AGENT__VENVS_DIR'],
    meaning:
      "Where the agent makes the task's Python environment: the private folder. Export another after PRE_SETUP to keep it.",
  },
  { names: ['CLEARML_WORKER_ID'], meaning: "The worker's name: that of the daemon, and the job id." },
  { names: ['CLEARML_AGENT_PROPAGATE_EXITCODE'], meaning: "1: the task's exit code becomes the agent's." },
  {
    names: ['NODE_RANK', 'WORLD_SIZE'],
    meaning: 'On several nodes, in each of their agents: which node it is, from 0, and of how many.',
  },
  { names: ['CLEARML_DOCKER_IMAGE'], meaning: 'In a container: its image, as the task names it.' },
  {
    names: ['PYTHONNOUSERSITE', 'CLEARML_AGENT__AGENT__PACKAGE_MANAGER__SYSTEM_SITE_PACKAGES'],
    meaning: "In a container: 1 and true. Python's packages are those of the image, and none of `~/.local`.",
  },
  { names: ['CLEARML_SLURM_SET_UP'], meaning: 'In a container: the script that runs before the agent.' },
];
