// Internal queues are distinguished from queues into which users enqueue.
import { expect } from 'chai';
import { isInternalQueue } from '../../src/config/served-queues.ts';
import { openCli } from '../cli/open-cli.ts';

describe('the list of internal queues', () => {
  for (const name of ['slurm_scheduler', 'slurm_scheduler.hpc1', 'slurm_scheduler-execute', 'parked', 'parked.a'])
    it(`contains the queue "${name}"`, () => expect(isInternalQueue(name, ['parked'])).to.equal(true));

  for (const name of ['default', 'slurm_scheduler2', 'my.slurm_scheduler', 'parkedx', 'gpu-execute'])
    it(`does not contain the queue "${name}"`, () => expect(isInternalQueue(name, ['parked'])).to.equal(false));

  it('makes --queue reject the queue "slurm_scheduler"', async () => {
    await using cli = await openCli();
    await cli.write('t', '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n');
    await cli.write(
      'clearml.conf',
      'api { api_server: "http://127.0.0.1:9", credentials { access_key: a, secret_key: b } }\n',
    );
    const { code, stderr } = await cli.run('--template-files', 't', '--queue', 'slurm_scheduler', '--once');
    expect(code).to.equal(2);
    expect(stderr).to.include('Queue "slurm_scheduler" is internal');
  });
});
