/** A Stryker reporter that prints each survivor when it is found: a suite may take an hour. */
class SurvivorsReporter {
  onMutantTested({ status, fileName, location, replacement, mutatorName }) {
    if (status !== 'Survived' && status !== 'NoCoverage') return;
    const { line, column } = location.start;
    const change = (replacement ?? mutatorName).replace(/\s+/g, ' ').slice(0, 120);
    console.log(`${status}: ${fileName.replace(/^.*\/src\//, 'src/')}:${line}:${column} ${change}`);
  }
}

export const strykerPlugins = [{ kind: 'Reporter', name: 'survivors', injectableClass: SurvivorsReporter }];
