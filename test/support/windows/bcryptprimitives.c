/* What Bun needs of Windows and Wine 8 lacks: random bytes. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length) {
  const SIZE_T most = 1 << 28;
  while (length > 0) {
    ULONG piece = (ULONG)(length < most ? length : most);
    if (!SystemFunction036(buffer, piece)) return FALSE;
    buffer += piece;
    length -= piece;
  }
  return TRUE;
}
