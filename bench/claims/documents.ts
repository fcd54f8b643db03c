/** What `holdfast analyze --json` says about a capture; its shape is a promise. */
import { type AnalysisDocument, analysisSchema } from '../../contract/analysis.ts';
import { HOLDFAST, measure } from '../measure.ts';

export async function documentOf(capture: string): Promise<AnalysisDocument> {
  const { output } = await measure([HOLDFAST, 'analyze', capture, '--json'], { keepOutput: true });
  return analysisSchema.parse(JSON.parse(output));
}

export async function packetsOf(capture: string): Promise<number> {
  return (await documentOf(capture)).capture.packets;
}
