// The output of Pyxis and enroot when a container cannot start, and how the advice about each begins.

/** The output of Pyxis after a failure, with the log of enroot. */
function inPyxis(what: string, log: readonly string[]): string {
  const lines = [what, 'printing enroot log file:', ...log.map((line) => `    ${line}`)];
  return lines.map((line) => `slurmstepd-n1: error: pyxis: ${line}`).join('\n');
}

export const PYXIS_LOGS: readonly (readonly [log: string, says: string])[] = [
  [
    inPyxis('failed to import docker image: docker://127.0.0.1:20411#lab/gone:1', [
      '[INFO] Querying registry for permission grant',
      '[ERROR] URL http://127.0.0.1:20411/v2/lab/gone/manifests/1 returned error code: 404 Not Found',
    ]),
    'Pyxis found no image with this name and tag in the registry',
  ],
  [
    inPyxis('failed to import docker image: docker://nvcr.io#lab/closed:1', [
      '[ERROR] URL https://nvcr.io/v2/lab/closed/manifests/1 returned error code: 401 Unauthorized',
    ]),
    'the registry denies Pyxis access to the image',
  ],
  [
    inPyxis('failed to import docker image: docker://registry.nowhere.example#lab/x:1', [
      '[INFO] Querying registry for permission grant',
      'curl: (6) Could not resolve host: registry.nowhere.example',
    ]),
    'Pyxis cannot resolve the registry name registry.nowhere.example',
  ],
  [
    inPyxis('failed to import docker image: docker://127.0.0.1:9#lab/x:1', [
      "curl: (7) Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn't connect to server",
    ]),
    'Pyxis cannot connect to 127.0.0.1 to pull the image',
  ],
  [
    inPyxis('failed to import docker image: docker://localhost#lab/tool:1', [
      'curl: (7) Failed to connect to localhost:80 after 0 ms: Could not connect to server',
    ]),
    'Pyxis cannot connect to localhost to pull the image',
  ],
  [
    // enroot has no words for this status.
    inPyxis('failed to import docker image: docker://127.0.0.1:20411#lab/limited:1', [
      '[ERROR] URL http://127.0.0.1:20411/v2/lab/limited/manifests/1 returned error code: 429 ',
    ]),
    'this site has exceeded the pull limit of the registry, so Pyxis gets no image',
  ],
  [
    inPyxis('failed to import docker image: docker://nvcr.io#lab/half:1', [
      '[INFO] Downloading 1 missing layers...',
      'curl: (22) The requested URL returned error: 429',
    ]),
    'this site has exceeded the pull limit of the registry, so Pyxis gets no image',
  ],
  [
    inPyxis('failed to import docker image: docker://nvcr.io#lab/half:1', [
      '[INFO] Downloading 1 missing layers...',
      'curl: (22) The requested URL returned error: 500',
    ]),
    'the registry responded to Pyxis with HTTP status 500',
  ],
  [
    inPyxis('failed to import docker image: docker://nvcr.io#lab/half:1', [
      '[ERROR] URL https://nvcr.io/v2/lab/half/manifests/1 returned error code: 503 Service Unavailable',
    ]),
    'the registry responded to Pyxis with HTTP status 503',
  ],
  [
    inPyxis('failed to import docker image: docker://127.0.0.1:20411#lab/odd:1', [
      '[ERROR] URL http://127.0.0.1:20411/v2/lab/odd/manifests/1 returned error code: 400 Bad Request',
    ]),
    'Pyxis could not pull the image docker://127.0.0.1:20411#lab/odd:1',
  ],
  [
    inPyxis('failed to create container filesystem for image: /images/broken.sqsh', [
      '[ERROR] Invalid image format: /images/broken.sqsh',
    ]),
    'the file /images/broken.sqsh is not an image, or is incomplete',
  ],
  [
    inPyxis('failed to create container filesystem for image: /images/absent.sqsh', [
      '[ERROR] No such file or directory: /images/absent.sqsh',
    ]),
    'Pyxis found no image file /images/absent.sqsh on a node',
  ],
  [
    'slurmstepd-n2: error: pyxis: --container-mounts: source path does not exist: /tmp/clearml-4.XjB0gO/clearml.conf',
    'the container mounts /tmp/clearml-4.XjB0gO/clearml.conf, which does not exist on a node',
  ],
  [
    'slurmstepd-n1: error: execve(): /var/spool/job8/slurm_script: bad interpreter(/bin/bash): No such file or directory',
    'the image has no bash',
  ],
  ['slurmstepd-n1: error: execve(): bash: No such file or directory', 'the image has no bash'],
  [
    "env: 'srun': No such file or directory",
    'the job script needs srun to start the ranks on several nodes, but finds no srun',
  ],
  [
    'env: ‘srun’: No such file or directory',
    'the job script needs srun to start the ranks on several nodes, but finds no srun',
  ],
  [
    'environment: line 469: srun: command not found',
    'the job script needs srun to start the ranks on several nodes, but finds no srun',
  ],
  [
    "env: can't execute 'srun': No such file or directory",
    'the job script needs srun to start the ranks on several nodes, but finds no srun',
  ],
  [
    inPyxis('container start failed with error code: 1', ['[ERROR] Could not acquire rootfs lock']),
    'Pyxis could not create or start the container',
  ],
];
