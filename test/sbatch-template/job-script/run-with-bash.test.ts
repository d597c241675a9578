// A template for sh: its job runs, whatever shell is called sh on the node.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { renderJob } from '../../../src/daemon/submit/render-job-script.ts';
import { parseTemplate } from '../../../src/sbatch-template/parse-template.ts';
import { BODY, emptyVariables, property, withProperties } from '../template-fixtures.ts';
import { jobFacts } from '../../job/job-script.ts';

const JOB = {
  sharedDir: undefined,
  jobConf: '',
  python: resolve('test/fixtures/job/python'),
  agentVersion: '3.0.3',
  apiServer: '',
  publicConfig: {},
};

describe('a job script', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'shell-'));
    writeFileSync(join(folder, 'clearml.conf'), '');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** What the job prints; started as Slurm does, by its first line, and without a terminal. */
  function run(template: string, variables = emptyVariables): string {
    const queue = { name: 'default', template: parseTemplate(template, 't.template'), constraints: undefined };
    const script = join(folder, 'slurm_script');
    writeFileSync(script, renderJob(JOB, queue, variables, jobFacts()).script);
    chmodSync(script, 0o755);
    return execFileSync('setsid', ['-w', script], {
      env: { PATH: '/usr/bin:/bin', HOME: folder, TMPDIR: folder, SLURM_JOB_ID: '4711', STAND_IN_LOG: '/dev/null' },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  }

  for (const [line, expected] of [
    ['#!/bin/sh', /^clearml: .*\nruns hB\n$/],
    ['#!/bin/sh -eu', /^clearml: .*\nruns ehuB\n$/],
    ['#! /usr/bin/dash', /^clearml: .*\nruns hB\n$/],
    ['#!/usr/bin/env sh', /^clearml: .*\nruns hB\n$/],
    ['#!/usr/bin/env -S dash -e', /^clearml: .*\nruns ehB\n$/],
    ['#!/bin/bash -e', /^clearml: .*\nruns ehB\n$/],
  ] as const)
    it(`keeps the shell options of the template's first line ${line}`, () => {
      expect(
        run(`${line}\n#SBATCH --time=5\n${BODY.replace('${CLEARML_POST', 'echo "runs $-"\n${CLEARML_POST')}`),
      ).to.match(expected);
    });

  for (const line of ['#!/bin/bash -i', '#!/bin/bash -li', '#!/bin/sh -i', '#!/usr/bin/env -S bash -e -i'])
    it(`does not expand "!" in a value if the template begins with ${line}`, () => {
      const body = `echo "task ${property('x')}"\n${BODY.replace('${CLEARML_POST', 'exit\n${CLEARML_POST')}`;

      expect(run(`${line}\n${body}`, withProperties({ x: '!#; echo pwned #' }))).to.match(
        /^clearml: .*\ntask !#; echo pwned #\n$/,
      );
    });
});
