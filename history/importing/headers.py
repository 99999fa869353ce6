"""Headers of the columns that other systems' lists have, in English, Polish, Russian and Spanish.

They are folded: small letters, no marks, no blanks or signs. VICIdial's and OMniLeads' names are among them.
"""

from __future__ import annotations

_WORDS = {
    "phone": """
        phone phonenumber phoneno telephone telephonenumber tel mobile mobilephone mobilenumber cell cellphone
        cellular msisdn e164 altphone alternatephone
        alternativephone phonealt homephone workphone businessphone
        primaryphone mainphone otherphone contactnumber callerid whatsapp
        telefon numertelefonu nrtelefonu nrtel numertel telefonkomorkowy telefonstacjonarny telkom komorka
        komorkowy nrkomorkowy telefondomowy telefonkontaktowy telefonsluzbowy numerkontaktowy
        телефон номертелефона номер мобильный мобильныйтелефон мобильныйномер сотовый сотовыйтелефон
        контактныйтелефон рабочийтелефон домашнийтелефон тел мобтел
        telefono telefonomovil movil celular
        """,
    "messenger": "messenger messengers komunikator мессенджер",
    "phone_code": """
        phonecode dialcode dialingcode callingcode phonecountrycode kierunkowy prefikskraju кодстраны
        """,
    "email": """
        email emailaddress mail primaryemail adresemail poczta epoczta pocztaelektroniczna
        почта эпочта элпочта электроннаяпочта адресэлектроннойпочты емейл имейл correo correoelectronico
        """,
    "name": """
        name fullname contact contactname customer customername client clientname displayname person
        imieinazwisko nazwiskoiimie klient nazwaklienta nazwa kontakt osoba
        фио имяифамилия фамилияимя фамилияимяотчество полноеимя клиент контакт абонент
        nombrecompleto nombreyapellido
        """,
    "given_name": "firstname givenname forename imie pierwszeimie имя nombre",
    "middle_name": "middlename middleinitial secondname drugieimie отчество",
    "family_name": "lastname familyname surname nazwisko фамилия apellido apellidos",
    "language": "language lang locale preferredlanguage jezyk язык idioma",
    "country": "country countrycode countryname countryregion kraj panstwo страна pais",
    "region": "state region province stateprovince county wojewodztwo регион область край provincia",
    "postcode": """
        postcode postalcode zip zipcode zippostalcode kodpocztowy kod индекс почтовыйиндекс cp
        codigopostal
        """,
    "time_zone": "timezone tz ianatimezone strefaczasowa strefa часовойпояс zonahoraria",
    "tags": """
        tags tag labels label groupmembership etykiety etykieta tagi znaczniki теги тег метки etiquetas
        """,
    "external_id": """
        externalid id customerid clientid contactid
        customernumber accountnumber crmid vendorleadcode idcliente
        idklienta numerklienta nrklienta идентификатор кодклиента номерклиента idclient
        """,
    "value": """
        lifetimevalue ltv clv customervalue value wartosc wartoscklienta wartosczyciowa ценность
        ценностьклиента valor
        """,
    "currency": "currency valuecurrency waluta валюта moneda",
}

_ATTRIBUTE_WORDS = {
    "city": "city town miasto miejscowosc город населенныйпункт ciudad",
    "address": "address address1 street streetaddress adres ulica адрес улица direccion domicilio",
    "company": """
        company companyname organization organisation organizationname firma nazwafirmy компания
        организация empresa
        """,
    "birthdate": """
        dateofbirth birthdate birthday dob dataurodzenia датарождения деньрождения fechadenacimiento
        """,
    "gender": "gender sex plec пол sexo",
    "comment": """
        comment comments note notes uwagi komentarz notatka notatki комментарий примечание comentarios
        """,
    "rank": "rank",
    "owner": "owner opiekun ответственный",
}

FIELDS = {header: field for field, words in _WORDS.items() for header in words.split()}
ATTRIBUTES = {header: name for name, words in _ATTRIBUTE_WORDS.items() for header in words.split()}
