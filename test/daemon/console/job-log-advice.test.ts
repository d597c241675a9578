// Tests that real logs of git, pip, Apptainer and others get the right advice.
import { expect } from 'chai';
import { findLogAdvice, matchPattern, LOG_PATTERNS } from '../../../src/daemon/console/job-log-advice.ts';
import { bothEndsOf } from '../../support/excerpt.ts';
import { PYXIS_LOGS } from './pyxis-logs.ts';

const NO_ACCESS =
  'fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.';
const FETCHING =
  'FATAL:   While making image from oci registry: error fetching image to cache: failed to get checksum for';
const NOTHING_FOUND =
  'ERROR: Could not find a version that satisfies the requirement foo (from versions: none)\nERROR: No matching distribution found for foo';

function retrying(why: string): string {
  return `WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by '${why}': /simple/foo/\n${NOTHING_FOUND}`;
}

/** The output of each program, and how its advice begins. */
const LOGS: Readonly<Record<string, readonly (readonly [log: string, says: string])[]>> = {
  'git 2.39': [
    [
      `Cloning into 'o'...\nHost key verification failed.\n${NO_ACCESS}`,
      'the node does not know the host key of the git server',
    ],
    [`root@127.0.0.1: Permission denied (publickey).\n${NO_ACCESS}`, 'the git server rejects the SSH keys of the node'],
    [
      "fatal: could not read Username for 'http://127.0.0.1:18801': terminal prompts disabled",
      'git has no user name and password for 127.0.0.1:18801.',
    ],
    [
      "fatal: could not read Username for 'http://127.0.0.1:18801': No such device or address",
      'git has no user name and password for 127.0.0.1:18801.',
    ],
    [
      "fatal: could not read Password for 'https://jane:s3cret@git.example.org': No such device or address",
      'git has no user name and password for git.example.org.',
    ],
    [
      "remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'https://git.example.org/lab/r.git/'",
      'the git server git.example.org rejects the user name or password',
    ],
    [
      "fatal: unable to access 'http://127.0.0.1:18801/403/r.git/': The requested URL returned error: 403",
      'the git server does not let the node read the repository (403)',
    ],
    [
      "fatal: repository 'http://127.0.0.1:18801/404/r.git/' not found",
      'the git repository does not exist, or the git account of the node is not allowed to read it',
    ],
    [
      `fatal: '/nonexistent/r' does not appear to be a git repository\n${NO_ACCESS}`,
      'the git repository does not exist, or the git account of the node is not allowed to read it',
    ],
    [
      'fatal: Remote branch gone not found in upstream origin',
      "the task's branch or commit is not in the git repository",
    ],
    [
      'fatal: reference is not a tree: 0123456789012345678901234567890123456789',
      "the task's branch or commit is not in the git repository",
    ],
    [
      'error: train.py: patch does not apply\nFailed applying diff',
      "the uncommitted changes do not apply to the task's commit",
    ],
    [
      "fatal: unable to access 'https://127.0.0.1:18802/404/r.git/': server certificate verification failed. CAfile: /etc/ssl/certs/ca-certificates.crt CRLfile: none",
      'the node does not trust the certificate of a server',
    ],
    [
      "fatal: unable to access 'http://no-such-host.invalid/r.git/': Could not resolve host: no-such-host.invalid",
      'the node cannot resolve the name of a server',
    ],
    [
      "fatal: unable to access 'http://127.0.0.1:9/r.git/': Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn't connect to server",
      'the node cannot connect to a server',
    ],
    [
      "fatal: unable to access 'https://git.example.org/r.git/': Received HTTP code 403 from proxy after CONNECT",
      'the HTTP proxy of the node does not work',
    ],
  ],
  'pip 23': [
    [
      retrying(
        "ProxyError('Cannot connect to proxy.', NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7fe885ace390>: Failed to establish a new connection: [Errno 111] Connection refused'))",
      ),
      'the HTTP proxy of the node does not work',
    ],
    [
      retrying(
        "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:992)'))",
      ),
      'the node does not trust the certificate of a server',
    ],
    [
      retrying(
        "NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f4adf6f7a10>: Failed to establish a new connection: [Errno -2] Name or service not known')",
      ),
      'the node cannot resolve the name of a server',
    ],
    [
      retrying(
        "NewConnectionError('<pip._vendor.urllib3.connection.HTTPConnection object at 0x7f3d7f2ce790>: Failed to establish a new connection: [Errno 111] Connection refused')",
      ),
      'the node cannot connect to a server',
    ],
    [
      `WARNING: 401 Error, Credentials not correct for http://127.0.0.1:18801/401/simple/foo/\n${NOTHING_FOUND}`,
      "the package index 127.0.0.1:18801 rejects pip's user name or password",
    ],
    [
      'ERROR: Could not find a version that satisfies the requirement six==99.0 (from versions: 1.15.0, 1.16.0)\nERROR: No matching distribution found for six==99.0',
      "pip finds no version of six==99.0 for the node's Python",
    ],
    ['  ERROR: Failed building wheel for pycrypto', 'pip could not build a package'],
  ],
  'Pyxis 0.24 with enroot 4.1': PYXIS_LOGS,
  'Apptainer 1.4': [
    [
      `${FETCHING} docker://127.0.0.1:18811/private:1: reading manifest 1 in 127.0.0.1:18811/private: unauthorized`,
      'the registry denies Apptainer access to the image',
    ],
    [
      `${FETCHING} docker://127.0.0.1:18811/denied:1: reading manifest 1 in 127.0.0.1:18811/denied: denied`,
      'the registry denies Apptainer access to the image',
    ],
    [
      `${FETCHING} docker://127.0.0.1:18811/gone:1: reading manifest 1 in 127.0.0.1:18811/gone: manifest unknown`,
      'Apptainer found no image with this name and tag in the registry',
    ],
    [
      'FATAL:   While making image from oci registry: error fetching image: toomanyrequests: You have reached your pull rate limit.',
      'this site has exceeded the pull limit of the registry, so Apptainer gets no image',
    ],
    [
      `${FETCHING} docker://127.0.0.1:18802/a:1: pinging container registry 127.0.0.1:18802: Get "https://127.0.0.1:18802/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
      'the node does not trust the certificate of a server',
    ],
    [
      `${FETCHING} docker://127.0.0.1:9/a:1: pinging container registry 127.0.0.1:9: Get "https://127.0.0.1:9/v2/": dial tcp 127.0.0.1:9: connect: connection refused`,
      'the node cannot connect to a server',
    ],
    [
      `${FETCHING} docker://no-such-host.invalid/a:1: pinging container registry no-such-host.invalid: Get "https://no-such-host.invalid/v2/": dial tcp: lookup no-such-host.invalid on 10.255.255.53:53: no such host`,
      'the node cannot resolve the name of a server',
    ],
    [
      'FATAL:   While checking container encryption: could not open image /tmp/nothing.sif: failed to retrieve path for /tmp/nothing.sif: lstat /tmp/nothing.sif: no such file or directory',
      'Apptainer found no image file /tmp/nothing.sif on the node.',
    ],
  ],
  'other programs': [
    ["dd: error writing '/tmp/z': No space left on device", 'a disk is full'],
    [
      '/var/spool/slurmd/job00007/slurm_script: line 402: /usr/bin/python3: Argument list too long\n' +
        'clearml: n1: the job cannot ask the ClearML server whether to run the task: /usr/bin/python3 cannot be started\n' +
        '/var/spool/slurmd/job00007/slurm_script: line 911: /usr/bin/bash: Argument list too long',
      'a variable that the template exports is longer than 128 KB',
    ],
    ['OSError: [Errno 122] Disk quota exceeded', 'a disk is full'],
    [
      "python3: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by python3)",
      'a program needs a newer system library than the node has (GLIBC_2.34)',
    ],
    [
      'Lmod has detected the following error:  The following module(s) are unknown: "cuda/99"',
      'the template loads a module that the node does not have',
    ],
    [
      'torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 GiB.',
      'the GPU ran out of memory; raising --mem does not help',
    ],
    [
      'slurmstepd: error: StepId=8.0 exceeded memory limit (315301888 > 314572800), being killed\nslurmstepd: error: Exceeded job memory limit',
      'Slurm killed the program because it used more memory than its job requested',
    ],
    [
      'slurmstepd: error: Exceeded job memory limit\nsrun: got SIGCONT',
      'Slurm killed the program because it used more memory than its job requested',
    ],
    ['RuntimeError: Found no NVIDIA driver on your system.', 'the program found no GPU'],
    [
      "DONE: Running task '82b6404f9ffeeb7a5e725dde3b0283dd', exit status -9",
      "the task's program was killed with SIGKILL, perhaps because the node ran out of memory",
    ],
    // The output of other ranks, which arrives later, may be longer than the part of the log that is read.
    [
      'clearml: n1: rank 0 of 2 ended with exit code 247\nProcess failed, exit code -9srun: error: n1: task 0: Exited with exit code 247',
      "the task's program was killed with SIGKILL, perhaps because the node ran out of memory",
    ],
    ["ModuleNotFoundError: No module named 'torchvision'", "the task's Python environment has no module torchvision"],
  ],
};

describe("the advice about a job's log", () => {
  for (const [program, cases] of Object.entries(LOGS)) {
    describe(`with output of ${program}`, () => {
      for (const [log, says] of cases) {
        const line = log.split('\n').find((text) => !text.startsWith('Cloning into')) ?? '';
        it(`explains "${bothEndsOf(line.trim())}" → "${says}"`, () => {
          const advice = findLogAdvice(`some line before\n${log}\nclearml: the agent ended with exit code 1`);

          expect(advice)
            .to.include(`shows the cause: ${says}`)
            .and.to.match(/\. What to do: .*\.$/)
            .and.not.to.include('$1');
        });
      }
    });
  }

  it('has a test case in this file for every pattern (F-12)', () => {
    const logs = Object.values(LOGS).flatMap((cases) => cases.map(([log]) => log));
    const without = LOG_PATTERNS.filter((failure) => !logs.some((log) => firstOf(log) === failure));

    expect(without.map(({ pattern: words }) => String(words))).to.deep.equal([]);
  });

  it('uses no pattern that takes quadratic time on a long line', () => {
    const slow = LOG_PATTERNS.flatMap(({ pattern: words }) =>
      runsOver(words.source).map((part) => `${part} in ${String(words)}`),
    );

    expect(slow).to.deep.equal([]);
    expect(runsOver('fatal: .*denied')).to.deep.equal(['.']);
    expect(runsOver("image[^]*404|repository '[^']*'")).to.deep.equal(['[^]']);
  });

  it('is found even if the beginning of the known message occurs 200 times earlier on the line', () => {
    const many = 'failed to import docker image FATAL: fatal: unable to access '.repeat(200);

    expect(findLogAdvice(`${many}\n`)).to.equal(undefined);
    expect(findLogAdvice(`${many}The requested URL returned error: 403`)).to.include('read the repository (403)');
    expect(findLogAdvice(`${many}\nThe requested URL returned error: 403`)).to.equal(undefined);
    expect(findLogAdvice(`${many}\n404 Not Found`)).to.include('no image with this name and tag');
  });

  it('contains no user name or password from the log', () => {
    for (const log of Object.values(LOGS).flat())
      expect(findLogAdvice(log[0])).not.to.include('s3cret').and.not.to.include('jane');
  });

  it('is missing if the log contains no known message', () => {
    expect(findLogAdvice('epoch 1: loss 0.5\nTraceback (most recent call last):\nValueError: 3\n')).to.equal(undefined);
  });
});

/** Returns the unbounded repetitions in an expression that match all the text before them in the same alternative. */
function runsOver(source: string): string[] {
  return [...source.matchAll(/(\\\w|\[(?:[^\]\\]|\\.)*\]|\.|\))(?:[*+]|\{\d*,\})/g)].flatMap(
    ({ 1: part = '', index }) => {
      const before = source.slice(0, index).split('|').at(-1) ?? '';
      const stops = part !== ')' && before.split('').some((letter) => !new RegExp(`^${part}$`).test(letter));
      return stops ? [] : [part];
    },
  );
}

function firstOf(log: string): unknown {
  return LOG_PATTERNS.find((failure) => matchPattern(failure, log) !== undefined);
}
