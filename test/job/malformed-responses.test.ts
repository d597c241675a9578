// The gate of a job script with the real agent's session, and responses of the server, or of a proxy, that are JSON but not an object.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import { startScriptedServer, type ScriptedServer } from '../clearml/scripted-server.ts';
import { agentPython, requireAgent } from '../support/skip-unless.ts';
import { createNode, fillIn, jobFacts, PLAIN_TEMPLATE, type Node } from './job-script.ts';

describe('the gate of a job', () => {
  let node: Node;
  let server: ScriptedServer;
  before(requireAgent);
  beforeEach(async () => {
    node = createNode();
    server = await startScriptedServer();
    const keys = 'credentials { access_key: "KEY", secret_key: "SECRET" }';
    writeFileSync(join(node.home, 'clearml.conf'), `api { api_server: "${server.url}", ${keys} }\n`);
  });
  afterEach(async () => {
    node.remove();
    await server.close();
  });

  for (const [status, body, code] of [
    [200, 'null', JOB_EXIT_CODES.serverUnreachable],
    [200, '{ "data": null }', JOB_EXIT_CODES.serverUnreachable],
    [400, '[]', JOB_EXIT_CODES.serverRefused],
    [500, '{ "meta": null }', JOB_EXIT_CODES.serverAway],
  ] as const)
    it(`ends the job with exit code ${code.code} after the malformed response: HTTP ${status} with ${body}`, async () => {
      server.script('queues.remove_task', (response) => response.writeHead(status).end(body));
      const facts = jobFacts({ python: agentPython() });
      const { exitCode, stderr } = await node.run(fillIn(PLAIN_TEMPLATE, facts));
      expect(exitCode, stderr).to.equal(code.code);
      expect(stderr.trim().split('\n')).to.have.length(1);
      expect(stderr).to.include(code.meaning);
    });
});
