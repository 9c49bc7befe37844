# Shows on a real Windows what Wine cannot: docs/windows.md says what each check means.
#
#   powershell -NoProfile -ExecutionPolicy Bypass -File verify.ps1 [-Sidecar FILE]
#
# For Windows PowerShell 5.1, in a console window, with verify.cs beside it and nothing
# else. It writes into a new folder of TEMP only, which it removes. One line a check:
# ok, FAILED, or left out; exit code 0 where none has failed, else 1.
param([string]$Sidecar = (Join-Path $PSScriptRoot 'sidecar.exe'))

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$Sidecar = (Resolve-Path -LiteralPath $Sidecar).Path
$work = Join-Path $env:TEMP ('sidecar-verify-' + $PID)
$probe = Join-Path $work ('sidecar-probe-' + $PID + '.exe')
$script:failures = 0

# Runs a program with a command line as it is. Exit codes are 32 bits with a sign here.
function Invoke-Program([string]$file, [string]$arguments, [hashtable]$variables) {
  $info = New-Object System.Diagnostics.ProcessStartInfo $file, $arguments
  $info.UseShellExecute = $false
  $info.WorkingDirectory = $work
  $info.RedirectStandardOutput = $true
  $info.RedirectStandardError = $true
  if ($variables) {
    foreach ($name in $variables.Keys) {
      $info.EnvironmentVariables[$name] = $variables[$name]
    }
  }
  $watch = [System.Diagnostics.Stopwatch]::StartNew()
  $process = [System.Diagnostics.Process]::Start($info)
  $output = $process.StandardOutput.ReadToEndAsync()
  $problems = $process.StandardError.ReadToEndAsync()
  $process.WaitForExit()
  return @{
    Code = $process.ExitCode
    Output = $output.Result.Trim()
    Problems = $problems.Result.Trim()
    Seconds = $watch.Elapsed.TotalSeconds
  }
}

function Invoke-Sidecar([string]$arguments, [hashtable]$variables) {
  return Invoke-Program $Sidecar $arguments $variables
}

# One check: what it returns is what is wrong, or nothing. "-" in front: left out.
function Test-Claim([string]$name, [scriptblock]$check) {
  try { $wrong = [string](& $check) } catch { $wrong = 'error: ' + $_ }
  if ($wrong -eq '') {
    Write-Output ('ok        ' + $name)
  } elseif ($wrong.StartsWith('-')) {
    Write-Output ('left out  ' + $name + ': ' + $wrong.Substring(1))
  } else {
    $script:failures += 1
    Write-Output ('FAILED    ' + $name + ': ' + $wrong)
  }
}

# Nothing where two things are the same, else both.
function Compare-Seen($seen, $wanted) {
  if ([string]$seen -cne [string]$wanted) { return "saw '$seen', not '$wanted'" }
}

function Read-Record([string]$name) {
  return Get-Content -Raw -Encoding UTF8 (Join-Path $work $name) | ConvertFrom-Json
}

function Get-Notes([string]$name) {
  return ((Get-Content (Join-Path $work $name)) -join ' ')
}

function Wait-Until([scriptblock]$happened) {
  for ($time = 0; $time -lt 150; $time += 1) {
    try { if (& $happened) { return $true } } catch { }
    Start-Sleep -Milliseconds 100
  }
  return $false
}

function Get-ProbeCount {
  $name = [System.IO.Path]::GetFileNameWithoutExtension($probe)
  return @(Get-Process -Name $name -ErrorAction SilentlyContinue).Count
}

New-Item -ItemType Directory -Path $work | Out-Null
try {
  $source = Get-Content -Raw (Join-Path $PSScriptRoot 'verify.cs')
  Add-Type -TypeDefinition $source -OutputAssembly $probe `
    -OutputType ConsoleApplication -IgnoreWarnings
  Set-Content (Join-Path $work 'show.bat') '@echo [%*]'
  Copy-Item (Join-Path $work 'show.bat') (Join-Path $work '100%a%.bat')

  Test-Claim 'exit codes have 32 bits' {
    foreach ($code in 0, 7, 259, -1, -1073741819, -2147483645) {
      $run = Invoke-Sidecar "--exec cmd.exe /d /c `"exit $code`""
      Compare-Seen $run.Code $code
    }
  }

  Test-Claim 'percent signs in arguments of a batch file mean themselves' {
    $words = '"%PATH%" "100%" "%%" "a&echo intruder %CD%" "!PATH!"'
    $run = Invoke-Sidecar "--exec show.bat $words"
    Compare-Seen $run.Output "[$words]"
  }

  Test-Claim 'percent signs in the name of a batch file mean themselves' {
    $run = Invoke-Sidecar '--exec 100%a%.bat "a b"' @{ a = 'wrong' }
    Compare-Seen $run.Output '["a b"]'
  }

  Test-Claim 'a time limit sends Ctrl-Break, and the block may end by it' {
    $run = Invoke-Sidecar "--timeout=3s --grace=60s --exec `"$probe`" attend a.txt"
    Compare-Seen $run.Code 124
    Compare-Seen (Get-Notes 'a.txt') 'ready ControlBreak'
    if ($run.Seconds -gt 40) { 'the grace was used up' }
  }

  Test-Claim 'who does not heed Ctrl-Break is terminated after the grace' {
    $words = '--result=deaf.json --timeout=3s --grace=3s'
    $run = Invoke-Sidecar "$words --exec `"$probe`" deaf b.txt"
    Compare-Seen $run.Code 124
    Compare-Seen (Get-Notes 'b.txt') 'ready ControlBreak'
    Compare-Seen (Read-Record 'deaf.json').exit.signal 'SIGKILL'
    if ($run.Seconds -lt 6) { 'there was no grace' }
  }

  Test-Claim 'a batch file does not ask whether to terminate' {
    Set-Content (Join-Path $work 'long.bat') "@`"$probe`" attend c.txt"
    $run = Invoke-Sidecar '--timeout=3s --grace=60s --exec long.bat'
    Compare-Seen $run.Code 124
    Compare-Seen (Get-Notes 'c.txt') 'ready ControlBreak'
    if ($run.Seconds -gt 40) { 'it waited: ' + $run.Output }
  }

  Test-Claim 'what a block leaves behind gets Ctrl-Break, too' {
    $run = Invoke-Sidecar "--grace=60s --exec `"$probe`" leave d.txt"
    Compare-Seen $run.Code 3
    Compare-Seen (Get-Notes 'd.txt') 'ready ControlBreak'
    if ($run.Seconds -gt 40) { 'the grace was used up' }
    Compare-Seen (Get-ProbeCount) 0
  }

  Test-Claim 'nobody can break away from the job' {
    # ERROR_ACCESS_DENIED; 1 would mean that it could.
    Compare-Seen (Invoke-Sidecar "--exec `"$probe`" breakaway").Code 5
  }

  Test-Claim 'all end when sidecar is killed' {
    $started = Start-Process $Sidecar "--exec `"$probe`" tree" -PassThru `
      -WorkingDirectory $work -WindowStyle Hidden
    if (-not (Wait-Until { (Get-ProbeCount) -eq 2 })) { 'not all have started' }
    Stop-Process -Id $started.Id -Force
    if (-not (Wait-Until { (Get-ProbeCount) -eq 0 })) { 'they live on' }
  }

  Test-Claim 'closing the window ends the block, and is recorded' {
    $words = "--result=close.json --exec `"$probe`" attend e.txt"
    $started = Start-Process $Sidecar $words -PassThru -WorkingDirectory $work
    $ready = Wait-Until { Test-Path (Join-Path $work 'e.txt') }
    $started.Refresh()
    if (-not $ready) { return 'it did not start' }
    if ($started.MainWindowHandle -eq [IntPtr]::Zero) {
      Stop-Process -Id $started.Id -Force
      return '-its window is not its own (Windows Terminal); close one by hand'
    }
    $started.CloseMainWindow() | Out-Null
    $finished = Wait-Until { (Read-Record 'close.json').state -eq 'finished' }
    if (-not $finished) { return 'the record says ' + (Read-Record 'close.json').state }
    Compare-Seen (Read-Record 'close.json').exit.cause 'cancelled'
  }

  Test-Claim 'PowerShell activates' {
    $file = Join-Path $work 'a b.ps1'
    Set-Content $file '$env:ONE = "a & b"'
    $variables = @{ DA__P7__RUNENV__R__ACTIVATE = $file }
    $run = Invoke-Sidecar '--runenv=R,0 --exec show.bat "${ONE}!"' $variables
    Compare-Seen $run.Output '["a & b!"]'
    Set-Content $file 'throw "no licence"'
    $run = Invoke-Sidecar '--runenv=R,0 --exec show.bat' $variables
    Compare-Seen $run.Code 123
    if ($run.Problems -notmatch 'no licence') { 'the reason is not told' }
  }

  Test-Claim 'processor time and peak memory are those of the job' {
    $run = Invoke-Sidecar "--result=use.json --exec `"$probe`" use 200"
    $usage = (Read-Record 'use.json').usage
    if ($usage.peakMemory -lt 200MB -or $usage.peakMemory -gt 2GB) {
      "peak memory is $($usage.peakMemory)"
    }
    if ($usage.processorSeconds -lt 1 -or $usage.processorSeconds -gt 60) {
      "processor time is $($usage.processorSeconds)"
    }
    Compare-Seen $run.Code 0
  }

  Test-Claim 'a program that may not be executed is refused' {
    $denied = Join-Path $work 'denied.exe'
    Copy-Item $probe $denied
    icacls $denied /deny '*S-1-1-0:(X)' | Out-Null
    $run = Invoke-Sidecar '--exec denied.exe wait'
    icacls $denied /remove:d '*S-1-1-0' | Out-Null
    Compare-Seen $run.Code 126
    if ($run.Problems -notmatch 'program-not-executable') { $run.Problems }
  }

  Test-Claim 'a folder that may not be entered is refused' {
    $closed = Join-Path $work 'closed'
    New-Item -ItemType Directory -Path $closed | Out-Null
    icacls $closed /deny '*S-1-1-0:(X)' | Out-Null
    $run = Invoke-Sidecar "--cwd `"$closed`" --exec cmd.exe /d /c ver"
    icacls $closed /remove:d '*S-1-1-0' | Out-Null
    Compare-Seen $run.Code 125
    if ($run.Problems -notmatch 'directory-forbidden') { $run.Problems }
  }

  Test-Claim 'the folder of --temporary is private' {
    $ask = 'powershell -NoProfile -Command "(Get-Acl .).Sddl"'
    $run = Invoke-Sidecar "--temporary --exec $ask"
    # D:P: nothing is inherited. WD everybody, BU users, AU who has logged in.
    if ($run.Output -notmatch 'D:P' -or $run.Output -match ';(WD|BU|AU)\)') {
      $run.Output
    }
  }

  Test-Claim 'sidecar works in a job object of somebody else' {
    $inner = "--exec \`"$probe\`" breakaway"
    $run = Invoke-Program $probe "job `"$Sidecar`" `"$inner`""
    Compare-Seen $run.Code 5
  }

  Test-Claim 'paths of 260 characters and more' {
    $key = 'HKLM:\SYSTEM\CurrentControlSet\Control\FileSystem'
    $setting = (Get-ItemProperty $key).PSObject.Properties['LongPathsEnabled']
    if (-not $setting -or $setting.Value -ne 1) { return '-LongPathsEnabled is not 1' }
    $long = Join-Path $work (('x' * 100 + '\') * 3 + 'end')
    [System.IO.Directory]::CreateDirectory('\\?\' + $long) | Out-Null
    $variables = @{ DA__P7__PCLUSTER__STORAGE__X = $long }
    $run = Invoke-Sidecar "--stdout `"$long\o.txt`" --exec show.bat a" $variables
    Compare-Seen ($run.Problems + $run.Code) '0'
  }

  Test-Claim 'network paths' {
    $share = '\\localhost\' + $work.Substring(0, 1) + '$' + $work.Substring(2)
    if (-not (Test-Path -LiteralPath $share)) {
      return '-this user may not use \\localhost\' + $work.Substring(0, 1) + '$'
    }
    $variables = @{ DA__P7__PCLUSTER__STORAGE__X = $share }
    $run = Invoke-Sidecar "--cwd `"$share`" --exec `"$probe`" where" $variables
    Compare-Seen ($run.Problems + $run.Output) $share
    $variables = @{ DA__P7__PCLUSTER__STORAGE__X = '\\localhost\no-such-share\x' }
    $run = Invoke-Sidecar '--exec show.bat' $variables
    Compare-Seen $run.Code 125
    if ($run.Problems -notmatch 'storage-missing') { $run.Problems }
  }
} finally {
  $name = [System.IO.Path]::GetFileNameWithoutExtension($probe)
  Get-Process -Name $name -ErrorAction SilentlyContinue | Stop-Process -Force
  Start-Sleep -Milliseconds 500
  cmd.exe /d /c "rd /s /q `"\\?\$work`""
}

if ($script:failures -gt 0) { exit 1 }
exit 0
