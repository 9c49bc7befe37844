      * What the module "pricing" is given, and what it answers. The
      * caller and the module share this layout: compile both anew
      * when it changes.
       01  PRICING-REQUEST.
           05  PRICING-QUANTITY           PIC 9(5).
           05  PRICING-PRICE              PIC 9(6)V99.
           05  PRICING-TAX-CLASS          PIC X.
           05  PRICING-GOODS              PIC S9(11)V99 PACKED-DECIMAL.
           05  PRICING-DISCOUNT           PIC S9(11)V99 PACKED-DECIMAL.
           05  PRICING-NET                PIC S9(11)V99 PACKED-DECIMAL.
           05  PRICING-TAX                PIC S9(11)V99 PACKED-DECIMAL.
           05  PRICING-STATUS             PIC 9.
               88  PRICING-DONE           VALUE 0.
               88  PRICING-CLASS-UNKNOWN  VALUE 1.
