/** Checks the app's types against the host in place of Electron: what the app uses and the host lacks is an error. */
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

const ROOT = path('../../../');
const APP = path('../../../main/shell/main.ts');
/** A file that is not there: it asks for something that no host will ever have, so the check must find it. */
const PROBE = path('../../../main/shell/host-probe.ts');
const PROBE_TEXT = "import { app } from 'electron/main';\napp.showAboutPanel();\n";
const ELECTRON_TYPES = path('../../../node_modules/electron/electron.d.ts');
const HOST = path('./electron.ts');

export interface HostCheck {
  /** "main/shell/app.ts:12: what is wrong" */
  readonly problems: readonly string[];
  /** Of the probe; empty: the check finds nothing at all. */
  readonly probe: readonly string[];
}

export function checkAppAgainstHost(): HostCheck {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const host = ts.createCompilerHost(options);
  const readFile = host.readFile.bind(host);
  const given = (file: string): string | undefined => {
    if (file === PROBE) return PROBE_TEXT;
    const text = readFile(file);
    // The namespace stays; its modules would be taken before the host.
    return file === ELECTRON_TYPES ? text?.replace(/^declare module 'electron[\s\S]*?^}/gm, '') : text;
  };
  host.readFile = given;
  host.fileExists = (file) => file === PROBE || ts.sys.fileExists(file);
  host.getSourceFile = (file, language) => {
    const text = given(file);
    return text === undefined ? undefined : ts.createSourceFile(file, text, language);
  };
  const program = ts.createProgram({
    rootNames: [APP, PROBE, ELECTRON_TYPES],
    options: { ...options, paths: { 'electron/main': [HOST], 'electron/common': [HOST] } },
    host,
  });
  const said = program
    .getSourceFiles()
    .filter(({ fileName }) => /\/main\/shell\/|\/electron-host\//.test(fileName))
    .flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)])
    .map(({ file, start = 0, messageText }) => {
      const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1;
      return `${file?.fileName.slice(ROOT.length)}:${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  const isOfProbe = (problem: string): boolean => problem.startsWith('main/shell/host-probe.ts');
  return { problems: said.filter((each) => !isOfProbe(each)), probe: said.filter(isOfProbe) };
}
